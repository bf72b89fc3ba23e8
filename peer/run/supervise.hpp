// Keeps company to a program that runs in our place: what this process is told, it is told; it ends as it ends.
//
//     shell or cron ── run ── CMD          one process group, one terminal, the same descriptors
//
// Signals that came from the terminal have reached CMD already, as it is of the same group; those that somebody sent to
// this process are passed on. When CMD is stopped from the keyboard, this process stops, too, so that the shell
// sees it; but nothing stops a job that is bound to its leader. Its output is not touched, unless the end of it is
// wanted.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/files.hpp"

#include <poll.h>
#include <signal.h>

#include <array>
#include <chrono>
#include <optional>
#include <set>
#include <string>

namespace swarmout {

/// The signals that are passed on, held back in the calling thread: they wait to be taken. Threads that are started
/// meanwhile inherit that.
class HeldSignals {
public:
  HeldSignals();
  ~HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  /// signalfd(2).
  [[nodiscard]] int descriptor() const { return taken_.get(); }
  /// What was in force before: what a program is started with.
  [[nodiscard]] const sigset_t& before() const { return before_; }

private:
  sigset_t before_{};
  Fd taken_;
};

/// What a process that keeps a program for another one is told: end everything. Sent by the kernel, too, when the other
/// one is gone.
[[nodiscard]] int end_all_signal();

/// The last bytes of what a program wrote, while all of it goes where it would have gone.
class OutputTap {
public:
  static constexpr std::size_t kMost = 4096;

  /// Errors: temporary.
  [[nodiscard]] static Result<OutputTap> open();
  /// Of the program that is to be started: in place of its standard output and standard error.
  [[nodiscard]] int for_output() const { return write_[0].get(); }
  [[nodiscard]] int for_errors() const { return write_[1].get(); }
  /// After it was started.
  void started();

  /// What to poll(2) for; its descriptor is -1 for nothing.
  [[nodiscard]] pollfd wish(int which) const;
  /// After poll(2) had something to say about it. Moves at most a page, and only what is taken at once: neither
  /// signals nor the time limit wait for a reader that hangs.
  void move(int which);
  /// What is there still, after the program has ended. What it has left running may keep the pipe: nobody waits for it.
  void drain();
  [[nodiscard]] const std::string& end() const { return end_; }

private:
  [[nodiscard]] static int target(int which);
  std::array<Fd, 2> read_;
  std::array<Fd, 2> write_;
  std::array<bool, 2> blocked_{};  ///< the reader takes nothing
  std::string end_;
};

struct Supervision {
  int program = -1;
  /// What it starts becomes ours when it loses its parent (PR_SET_CHILD_SUBREAPER is set), and is ended with it when it
  /// is ended before its time.
  bool family = true;
  std::optional<std::chrono::milliseconds> timeout{};         ///< from now on
  std::chrono::milliseconds grace{std::chrono::seconds(10)};  ///< from SIGTERM to SIGKILL
  int order = -1;                                             ///< becomes readable: end it; -1: nobody orders that
  std::set<pid_t> spared{};                                   ///< children of ours from before
  OutputTap* tap = nullptr;
  /// Not 0: a keeper of a job that must not outlive this process, whose end ends everything at once (end_all_signal()).
  /// Such a job is not stopped from the keyboard: a leader that stands still would be passed.
  int owner = 0;
};

struct ProgramEnd {
  int status = 0;          ///< its exit status; 128 + signal
  int signal = 0;          ///< that ended it; 0: it ended by itself
  bool timed_out = false;  ///< it was ended because its time was over
  bool ordered = false;    ///< it was ended by `order`
  int asked = 0;  ///< the first signal by which somebody asked for its end, whatever it has made of it; 0: none
};

/// Until it has ended; with all of its family, if it was ended. In the thread that has started it.
[[nodiscard]] ProgramEnd supervise(const Supervision& what, const HeldSignals& signals, Clock& clock);

}  // namespace swarmout
