// Starts a program in a tree, as if it had been started without us, and keeps it company until its end.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/files.hpp"
#include "peer/run/supervise.hpp"

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace swarmout {

struct JobStart {
  std::vector<std::string> argv;
  Path directory;
  std::vector<std::pair<std::string, std::string>> environment{};  ///< added to ours, which else is passed on
  std::vector<int> held{};  ///< descriptors that it inherits: a pin stays as long as anything that was started here
  std::optional<std::chrono::milliseconds> timeout{};
  std::chrono::milliseconds grace{std::chrono::seconds(10)};
  bool keep_output = false;  ///< the end of its output is wanted, too
  mode_t mask = 022;         ///< umask(2): its caller's, not ours
  int lock = -1;             ///< where it is noted as being at work (job_lock.hpp); -1: nowhere
};

struct JobEnd : ProgramEnd {
  std::chrono::milliseconds took{0};
  std::string output;  ///< its end, if it was wanted
};

/// As the shell has it: "command not found", "cannot execute".
inline constexpr int kNotFound = 127;
inline constexpr int kNotExecutable = 126;
/// As timeout(1) has it.
inline constexpr int kTimedOut = 124;

/// Of a program that could not be started: the shell's status, and why in place of its output.
[[nodiscard]] JobEnd end_of(const Error& not_started);

/// Errors: with the shell's status as their code: the program cannot be started; temporary: nothing can be.
[[nodiscard]] Result<JobEnd> run_program(const JobStart& start, const HeldSignals& signals, Clock& clock);

/// A program that ends with this process, however that ends, with all that it has started: a process of ours between
/// the two sees to that, and ends with it, too. For work that must not go on once this host does not lead any more.
class BoundJob {
public:
  /// Before any thread is started. Nothing runs until go(). Errors: temporary.
  [[nodiscard]] static Result<BoundJob> prepare(const JobStart& start, const HeldSignals& signals, Clock& clock);
  ~BoundJob();
  BoundJob(BoundJob&& other) noexcept;
  BoundJob& operator=(BoundJob&&) = delete;

  /// Starts it and waits for its end, in the process's first thread, which has what a killed keeper leaves behind.
  /// `order` becomes readable: it is ended before its time. Errors: as run_program(); temporary: it does not end.
  [[nodiscard]] Result<JobEnd> go(int order, const HeldSignals& signals, Clock& clock);

private:
  BoundJob() = default;
  JobStart start_;
  pid_t keeper_ = -1;
  Fd go_;
  Fd report_;
  std::optional<OutputTap> tap_;
};

}  // namespace swarmout
