// What another process is doing, to tell one that waits for a processor from one that hangs: proc(5), /proc/PID/stat.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace swarmout {

struct ProcessStat {
  char state = '?';  ///< 'R': it runs, or would if a processor were free; 'D', 'S': it waits; 'T': it is stopped
  std::uint64_t faults = 0;  ///< pages it has got so far
  std::uint64_t ticks = 0;   ///< processor time it has got so far, in clock ticks

  auto operator<=>(const ProcessStat&) const = default;
};

/// Reads a line of /proc/PID/stat; nullopt if it is none. The command's name in it may have any characters.
[[nodiscard]] std::optional<ProcessStat> parse_process_stat(std::string_view line);

/// Nullopt: there is no such process, or no /proc.
[[nodiscard]] std::optional<ProcessStat> process_stat(int pid);

/// Processor time that a process has had, to the nanosecond; nullopt: there is no such process. Known also of one that
/// /proc does not show us: a helper is not dumpable, and systemd's ProtectProc= hides what we may not trace.
[[nodiscard]] std::optional<std::uint64_t> processor_time(int pid);

/// Whether a process gets on with its work, however slowly: that it waits for a processor, or for its own program to
/// come from the disk, is no fault of what it works with.
class ProcessProgress {
public:
  explicit ProcessProgress(int pid) : pid_(pid) {}

  /// Since the last call: has it run, or got pages, or does it want to run?
  [[nodiscard]] bool gets_on();

private:
  int pid_;
  std::optional<ProcessStat> last_;
  std::optional<std::uint64_t> last_time_;
};

}  // namespace swarmout
