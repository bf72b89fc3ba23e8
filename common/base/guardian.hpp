// Between us and a program that we start stands a small process of ours, the guardian. However this process ends, by
// SIGKILL too, the guardian notices, and ends the program with all that it started, also what went into a group or a
// session of its own, as timeout(1) and su(1) do.
//
//     we ──socket── guardian (a session without a terminal, PR_SET_CHILD_SUBREAPER)
//                      └── program (a process group, PR_SET_PDEATHSIG)
//                             └── what it starts; what loses its parent becomes the guardian's child
//
// It keeps the exit status, too, so that it does not matter who else waits here, or that SIGCHLD is ignored.

#pragma once

#include <chrono>

namespace swarmout {

/// What is told to stop has this long to tidy up before it is killed.
inline constexpr std::chrono::milliseconds kStopGrace{2000};
/// A killed process is gone at once, but for one in an uninterruptible wait: the guardian leaves without it.
inline constexpr std::chrono::milliseconds kKillPatience{1000};

struct GuardReport {
  enum class Kind : int { started, not_started, ended };
  Kind kind = Kind::ended;
  int pid = 0;    ///< of the program
  int value = 0;  ///< not_started: errno; ended: the exit status, 128 + signal for a killed one
};

/// What the guardian needs; all of it is there before fork(2), after which nothing may be allocated.
struct GuardedStart {
  const char* directory;  ///< empty: here
  char* const* argv;
  char* const* environment;
  int output;   ///< the program's standard output
  int errors;   ///< the program's standard error
  int control;  ///< SOCK_SEQPACKET: gets a GuardReport for the start and one for the end; its end means "stop"
  int report;   ///< a pipe that exec(2) closes: its end to write to
  int started;  ///< its end to read from
  int held;     ///< stays open until all has ended; -1: nothing
  int input;    ///< the program's standard input; -1: /dev/null
};

/// The guardian's life, in the child of a fork(2). Async-signal-safe calls only, since other threads may have held any
/// lock.
[[noreturn]] void guard(const GuardedStart& start);

}  // namespace swarmout
