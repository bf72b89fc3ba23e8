#include "cli/process/ending.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace swarmout {

namespace {

/// Ends the destructor's wait.
constexpr int kWake = SIGTERM;

bool ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

/// Not through the speaker: whoever holds its lock may be what hangs.
[[noreturn]] void end_untidily(int signal, const char* why) {
  char text[160];
  const int size =
      std::snprintf(text, sizeof text, "swarmout: ended at once by %s: what was begun is left as it is\n", why);
  pollfd ready{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&ready, 1, 0) == 1) {
    [[maybe_unused]] const ssize_t said = ::write(STDERR_FILENO, text, static_cast<std::size_t>(size));
  }
  std::_Exit(128 + signal);
}

timespec until(MonotonicTime deadline, MonotonicTime now) {
  const auto left = std::max(std::chrono::nanoseconds(0), std::chrono::nanoseconds(deadline - now));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  return {seconds.count(), (left - seconds).count()};
}

}  // namespace

Ending::Step Ending::asked(MonotonicTime now) {
  if (requests_ > 0 && now - last_ < kSameRequest) {
    return Step::none;
  }
  last_ = now;
  switch (++requests_) {
    case 1:
      deadline_ = now + longest_;
      return Step::stop;
    case 2:
      deadline_ = std::min(*deadline_, now + kHaste);
      return Step::hurry;
    default:
      return Step::end_now;
  }
}

Signals::Signals(std::chrono::milliseconds longest, std::function<void()> on_hangup)
    : on_hangup_(std::move(on_hangup)), ending_(longest) {
  ::sigemptyset(&set_);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    if (signal == SIGTERM || !ignored(signal)) {
      ::sigaddset(&set_, signal);
    }
  }
  ::signal(SIGTERM, SIG_DFL);
  ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  waiter_ = std::jthread([this](const std::stop_token& end) { wait(end); });
}

Signals::~Signals() {
  waiter_.request_stop();
  ::pthread_kill(waiter_.native_handle(), kWake);  // NOLINT(bugprone-bad-signal-to-kill-thread): blocked
}

void Signals::wait(const std::stop_token& end) {
  int last = SIGTERM;
  while (true) {
    const auto now = system_clock().now();
    const auto deadline = ending_.deadline();
    if (deadline && now >= *deadline) {
      end_untidily(last, "the end of the time there was for ending");
    }
    const timespec time = until(deadline.value_or(now + std::chrono::hours(1)), now);
    const int signal = ::sigtimedwait(&set_, nullptr, &time);
    if (end.stop_requested()) {
      return;
    }
    if (signal <= 0) {
      continue;  // the time was over, or a debugger came
    }
    if (signal == SIGHUP && on_hangup_) {
      on_hangup_();
      continue;
    }
    last = signal;
    switch (ending_.asked(system_clock().now())) {
      case Ending::Step::stop:
        stop_.request_stop();
        break;
      case Ending::Step::end_now:
        end_untidily(signal, "a third signal");
      case Ending::Step::hurry:  // the deadline is nearer now
      case Ending::Step::none:
        break;
    }
  }
}

}  // namespace swarmout
