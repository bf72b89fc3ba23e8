#include "peer/run/supervise.hpp"

#include "common/base/process/descendants.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace swarmout {

namespace {

constexpr std::array kPassed = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP, SIGCONT};
constexpr std::array kEnding = {SIGTERM, SIGHUP, SIGINT, SIGQUIT};
/// Between two steps of an end: what is killed goes within this time, as a rule.
constexpr std::chrono::milliseconds kEndStep{20};
/// A killed process that is not gone after this is in an uninterruptible wait, of a mount that hangs: it is left.
constexpr std::chrono::seconds kLeaveAfterKill{5};

bool has_terminal() {
  const Fd terminal(::open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY));
  return terminal.valid();
}

class Supervisor {
public:
  Supervisor(const Supervision& what, const HeldSignals& signals, Clock& clock)
      : what_(what), signals_(signals), clock_(clock) {
    if (what.timeout) {
      deadline_ = clock.now() + *what.timeout;
    }
  }

  ProgramEnd run() {
    while (!look()) {
      wait();
      take_signals();
      for (int which = 0; which < 2; ++which) {
        move_output(which);
      }
      if (deadline_ && !ending_ && clock_.now() >= *deadline_) {
        end_.timed_out = true;
        begin_to_end(what_.grace);
      }
    }
    if (what_.tap != nullptr) {
      what_.tap->drain();
    }
    return end_;
  }

private:
  /// True: it is over.
  bool look() {
    reap_program();
    if (what_.family) {
      reap_adopted();
    }
    if (!ending_) {
      return ended_;
    }
    const MonotonicTime now = clock_.now();
    if (!what_.family) {
      if (now >= give_up_) {
        ::kill(what_.program, SIGKILL);
      }
      return ended_;
    }
    return ending_->step(now) || now >= give_up_;
  }

  void reap_program() {
    int status = 0;
    while (!ended_ && ::waitpid(what_.program, &status, WNOHANG | WUNTRACED) == what_.program) {
      if (WIFSTOPPED(status)) {
        stop_likewise(WSTOPSIG(status));
        continue;
      }
      ended_ = true;
      end_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
      end_.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
  }

  /// From the keyboard, or for it: the shell waits for us to stop. Anything else that stops it is between the two; we
  /// go on watching the time. A keeper never stops: its owner, the time and the order count on it.
  void stop_likewise(int signal) const {
    if (what_.owner != 0) {
      if (signal == SIGTSTP) {
        ::kill(what_.program, SIGCONT);  // it does not leave that alone, as it was told to
      }
      return;
    }
    const bool for_terminal = signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
    if (for_terminal && !ending_ && has_terminal()) {
      ::kill(::getpid(), SIGSTOP);
    }
  }

  void reap_adopted() const {
    each_child_in(kOwnChildren, [this](pid_t pid) {
      if (pid != what_.program) {
        ::waitpid(pid, nullptr, WNOHANG);
      }
    });
  }

  void wait() {
    std::array<pollfd, 4> waiting = {pollfd{signals_.descriptor(), POLLIN, 0},
                                     pollfd{ending_ ? -1 : what_.order, POLLIN, 0},
                                     what_.tap != nullptr ? what_.tap->wish(0) : pollfd{-1, 0, 0},
                                     what_.tap != nullptr ? what_.tap->wish(1) : pollfd{-1, 0, 0}};
    ::poll(waiting.data(), waiting.size(), patience());
    if (waiting[1].revents != 0) {
      end_.ordered = true;
      begin_to_end(what_.grace);
    }
    there_ = {waiting[2].revents != 0, waiting[3].revents != 0};
  }

  int patience() const {
    if (ending_) {
      return static_cast<int>(kEndStep.count());
    }
    if (!deadline_) {
      return -1;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - clock_.now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 1, 3'600'000));
  }

  void take_signals() {
    signalfd_siginfo info{};
    while (::read(signals_.descriptor(), &info, sizeof info) == sizeof info) {
      const int signal = static_cast<int>(info.ssi_signo);
      if (signal == SIGCHLD) {
        continue;
      }
      if (signal == end_all_signal()) {
        const bool alone = what_.owner != 0 && ::getppid() != what_.owner;
        end_.ordered = true;
        begin_to_end(alone ? std::chrono::milliseconds(0) : what_.grace);
        continue;
      }
      const bool from_terminal = info.ssi_code > 0;  // the kernel's: to the whole group
      if (!from_terminal && !ended_) {
        ::kill(what_.program, signal);
      }
      note_request(signal);
    }
  }

  void note_request(int signal) {
    if (std::find(kEnding.begin(), kEnding.end(), signal) == kEnding.end()) {
      return;
    }
    end_.asked = end_.asked == 0 ? signal : end_.asked;
    if (!ended_ && (what_.owner != 0 || !what_.family)) {
      ::kill(what_.program, SIGCONT);  // a stopped one could not obey, and is waited for
    }
  }

  void move_output(int which) {
    if (there_[static_cast<std::size_t>(which)]) {
      what_.tap->move(which);
    }
  }

  void begin_to_end(std::chrono::milliseconds grace) {
    const MonotonicTime now = clock_.now();
    if (!ending_) {
      ending_.emplace(now, grace, what_.spared);
      give_up_ = now + grace + kLeaveAfterKill;
      if (!what_.family) {
        ::kill(what_.program, end_all_signal());  // it has a family, and ends it
        ::kill(what_.program, SIGCONT);
      }
    } else if (grace.count() == 0) {
      ending_->hurry(now);
      give_up_ = std::min(give_up_, now + kLeaveAfterKill);
    }
  }

  const Supervision& what_;
  const HeldSignals& signals_;
  Clock& clock_;
  std::optional<MonotonicTime> deadline_;
  std::optional<FamilyEnd> ending_;
  MonotonicTime give_up_{};
  ProgramEnd end_;
  bool ended_ = false;
  std::array<bool, 2> there_{};
};

}  // namespace

int end_all_signal() {
  return SIGRTMIN + 3;
}

HeldSignals::HeldSignals() {
  sigset_t held;
  ::sigemptyset(&held);
  for (const int signal : kPassed) {
    ::sigaddset(&held, signal);
  }
  ::sigaddset(&held, SIGCHLD);
  ::sigaddset(&held, end_all_signal());
  ::pthread_sigmask(SIG_BLOCK, &held, &before_);
  for (const int signal : kPassed) {
    ::sigdelset(&before_, signal);  // who waits for them in another way has let go of them
  }
  taken_ = Fd(::signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK));
}

HeldSignals::~HeldSignals() {
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

Result<OutputTap> OutputTap::open() {
  OutputTap tap;
  for (int which = 0; which < 2; ++which) {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) {
      return fail_errno("cannot make", "a pipe", errno);
    }
    tap.read_[which] = Fd(ends[0]);
    tap.write_[which] = Fd(ends[1]);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  }
  return tap;
}

void OutputTap::started() {
  write_[0].reset();
  write_[1].reset();
}

int OutputTap::target(int which) {
  return which == 0 ? STDOUT_FILENO : STDERR_FILENO;
}

pollfd OutputTap::wish(int which) const {
  return blocked_[which] ? pollfd{target(which), POLLOUT, 0} : pollfd{read_[which].get(), POLLIN, 0};
}

void OutputTap::move(int which) {
  pollfd to{target(which), POLLOUT, 0};
  blocked_[which] = ::poll(&to, 1, 0) == 0;
  if (blocked_[which] || !read_[which].valid()) {
    return;
  }
  std::array<char, kMost> buffer;  // PIPE_BUF: a pipe that takes anything takes this at once
  const ssize_t got = ::read(read_[which].get(), buffer.data(), buffer.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    return;
  }
  if (got <= 0) {
    read_[which].reset();
    return;
  }
  const std::string_view text(buffer.data(), static_cast<std::size_t>(got));
  end_.append(text);
  end_.erase(0, end_.size() > kMost ? end_.size() - kMost : 0);
  if (!write_all(target(which), as_bytes(text), "")) {
    read_[which].reset();  // the program gets SIGPIPE, as it would without us
  }
}

void OutputTap::drain() {
  for (int which = 0; which < 2; ++which) {
    pollfd there{read_[which].get(), POLLIN, 0};
    while (!blocked_[which] && read_[which].valid() && ::poll(&there, 1, 0) == 1 && (there.revents & POLLIN) != 0) {
      move(which);
    }
  }
}

ProgramEnd supervise(const Supervision& what, const HeldSignals& signals, Clock& clock) {
  return Supervisor(what, signals, clock).run();
}

}  // namespace swarmout
