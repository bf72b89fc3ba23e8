#include "common/share/helper/process_stat.hpp"

#include "common/base/files.hpp"

#include <fmt/format.h>
#include <time.h>

#include <array>
#include <charconv>

namespace swarmout {

namespace {

constexpr Bytes kMaxLine = 4 * kKiB;

// Counted from the one after the command's name.
constexpr std::size_t kMinorFaults = 7;
constexpr std::size_t kMajorFaults = 9;
constexpr std::size_t kUserTicks = 11;
constexpr std::size_t kSystemTicks = 12;
constexpr std::size_t kFields = 13;

}  // namespace

std::optional<ProcessStat> parse_process_stat(std::string_view line) {
  const std::size_t name_end = line.rfind(") ");
  if (name_end == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view rest = line.substr(name_end + 2);
  std::array<std::uint64_t, kFields> numbers{};
  ProcessStat stat;
  for (std::size_t field = 0; field < kFields; ++field) {
    const std::string_view text = rest.substr(0, rest.find(' '));
    if (text.empty()) {
      return std::nullopt;
    }
    if (field == 0) {
      stat.state = text.front();
    } else {
      std::from_chars(text.data(), text.data() + text.size(), numbers[field]);  // some are negative: not ours
    }
    rest.remove_prefix(std::min(rest.size(), text.size() + 1));
  }
  stat.faults = numbers[kMinorFaults] + numbers[kMajorFaults];
  stat.ticks = numbers[kUserTicks] + numbers[kSystemTicks];
  return stat;
}

std::optional<ProcessStat> process_stat(int pid) {
  const auto line = read_file(fmt::format("/proc/{}/stat", pid), kMaxLine);
  return line ? parse_process_stat(*line) : std::nullopt;
}

std::optional<std::uint64_t> processor_time(int pid) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

bool ProcessProgress::gets_on() {
  const auto now = process_stat(pid_);
  const auto time = processor_time(pid_);
  const bool moved = (time && last_time_ && *time != *last_time_) ||
                     (now && (now->state == 'R' || (last_ && now->faults != last_->faults)));
  last_ = now;
  last_time_ = time;
  return moved;
}

}  // namespace swarmout
