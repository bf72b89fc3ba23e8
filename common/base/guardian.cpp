#include "common/base/guardian.hpp"

#include "common/base/process/descendants.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

namespace swarmout {

namespace {

constexpr long kLookMs = 5;
constexpr int kCannotStart = 127;

long now_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000L + now.tv_nsec / 1'000'000L;
}

void rest() {
  const timespec pause{0, kLookMs * 1'000'000L};
  ::nanosleep(&pause, nullptr);
}

void no_input_and_output() {
  const int null = ::open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3 && null >= 0; ++fd) {
    ::dup2(null, fd);
  }
  if (null > 2) {
    ::close(null);
  }
}

/// The program, up to its exec(2).
[[noreturn]] void become(const GuardedStart& start, pid_t guardian) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != guardian) {
    ::_exit(kCannotStart);  // it ended before we asked
  }
  ::setpgid(0, 0);
  for (int signal = 1; signal < NSIG; ++signal) {
    ::signal(signal, SIG_DFL);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(start.input >= 0 ? start.input : null, 0);
  ::dup2(start.output, 1);
  ::dup2(start.errors, 2);
  // libtorrent 2.0.8 opens sockets and files without O_CLOEXEC.
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  if (*start.directory == '\0' || ::chdir(start.directory) == 0) {
    ::execvpe(start.argv[0], start.argv, start.environment);
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t told = ::write(start.report, &error, sizeof error);
  ::_exit(kCannotStart);
}

class Guardian {
public:
  Guardian(const GuardedStart& start, pid_t program) : start_(start), program_(program) {}

  /// Until the program ends by itself, or nobody wants it any more.
  void run() {
    sigset_t child;
    ::sigemptyset(&child);
    ::sigaddset(&child, SIGCHLD);
    const int signals = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    while (true) {
      std::array<pollfd, 2> waiting = {pollfd{start_.control, POLLIN, 0}, pollfd{signals, POLLIN, 0}};
      ::poll(waiting.data(), 2, signals < 0 ? static_cast<int>(kLookMs) : -1);
      signalfd_siginfo ignored{};
      while (signals >= 0 && ::read(signals, &ignored, sizeof ignored) > 0) {
      }
      if (has_ended()) {
        if (status_ == 0) {
          ::close(start_.held);  // before it is told: who then waits for it shall have it
        }
        tell(GuardReport::Kind::ended, status_);
        if (status_ != 0) {
          end_all();  // one that succeeded may leave something running on purpose: git's credential cache
        }
        return;
      }
      reap_others();
      if (waiting[0].revents != 0) {
        end_all();
        tell(GuardReport::Kind::ended, has_ended() ? status_ : 128 + SIGKILL);
        return;
      }
    }
  }

  void tell(GuardReport::Kind kind, int value) const {
    const GuardReport report{kind, program_, value};
    [[maybe_unused]] const ssize_t told = ::send(start_.control, &report, sizeof report, MSG_NOSIGNAL | MSG_DONTWAIT);
  }

private:
  /// Learns the status, but leaves the zombie: as long as it is there, nobody else is given its number, or its group's.
  bool has_ended() {
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(program_), &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
      return true;
    }
    if (info.si_pid != program_) {
      return false;
    }
    status_ = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    return true;
  }

  void reap_others() const {
    each_child_in(kOwnChildren, [this](pid_t pid) {
      if (pid != program_) {
        ::waitpid(pid, nullptr, WNOHANG);
      }
    });
  }

  bool nothing_left() {
    bool others = false;
    const bool known = each_child_in(kOwnChildren, [&](pid_t pid) { others = others || pid != program_; });
    return known && !others && has_ended();
  }

  /// What has left the group, or lost its parent since: each once, as many take a second SIGTERM for impatience.
  void tell_others_to_stop() {
    each_child_in(kOwnChildren, [this](pid_t pid) {
      const auto end = told_.begin() + static_cast<std::ptrdiff_t>(told_count_);
      if (pid != program_ && ::getpgid(pid) != program_ && told_count_ < told_.size() &&
          std::find(told_.begin(), end, pid) == end) {
        told_[told_count_++] = pid;
        ::kill(pid, SIGTERM);
        ::kill(pid, SIGCONT);
      }
    });
  }

  void end_all() {
    ::kill(-program_, SIGTERM);
    ::kill(-program_, SIGCONT);  // a stopped one could not obey
    const long asked = now_ms();
    while (now_ms() - asked < kStopGrace.count()) {
      tell_others_to_stop();
      reap_others();
      if (nothing_left()) {
        return;
      }
      rest();
    }
    const long killed = now_ms();
    do {
      ::kill(-program_, SIGKILL);
      each_child_in(kOwnChildren, [](pid_t pid) { ::kill(pid, SIGKILL); });
      rest();
      reap_others();
    } while (!nothing_left() && now_ms() - killed < kKillPatience.count());
  }

  const GuardedStart& start_;
  const pid_t program_;
  int status_ = 128 + SIGKILL;
  std::array<pid_t, 256> told_{};
  std::size_t told_count_ = 0;
};

/// Nothing of ours is kept open: neither locks, nor the pipe through which cron waits for the end.
void close_all_but(std::array<int, 3> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned from = 3;
  for (const int fd : kept) {
    if (fd >= 0) {
      if (static_cast<unsigned>(fd) > from) {
        ::close_range(from, static_cast<unsigned>(fd) - 1, 0);
      }
      from = static_cast<unsigned>(fd) + 1;
    }
  }
  ::close_range(from, ~0U, 0);
}

}  // namespace

void guard(const GuardedStart& start) {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::signal(SIGCHLD, SIG_DFL);
  ::setsid();
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::prctl(PR_SET_NAME, "swarmout-guard");
  const pid_t self = ::getpid();
  const pid_t program = ::fork();
  const int fork_error = errno;
  if (program == 0) {
    become(start, self);
  }
  no_input_and_output();
  close_all_but({start.control, start.started, start.held});
  [[maybe_unused]] const int root = ::chdir("/");  // keeps no file system busy
  Guardian guardian(start, program);
  if (program < 0) {
    guardian.tell(GuardReport::Kind::not_started, fork_error);
    ::_exit(0);
  }
  ::setpgid(program, program);  // both sides do it, so that it is done when either goes on
  int error = 0;
  if (::read(start.started, &error, sizeof error) == sizeof error) {
    guardian.tell(GuardReport::Kind::not_started, error);
    ::_exit(0);
  }
  ::close(start.started);
  guardian.tell(GuardReport::Kind::started, 0);
  guardian.run();
  ::_exit(0);
}

}  // namespace swarmout
