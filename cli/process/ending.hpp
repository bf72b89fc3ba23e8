// How this process is asked to end, and when it ends without having been able to tidy up.
//
// SIGTERM, SIGINT and SIGHUP are one request each time they come together: timeout(1) signals the process and then its
// group, a terminal signals the group, a wrapper passes on what it got. The first request asks the work to stop: it
// ends its children, writes its ABANDON, and says so. The second shortens the time for that. The third ends the process
// at once, and so does the end of that time: systemd gives 90 s, `timeout -k` is often given 10.

#pragma once

#include "common/base/clock.hpp"

#include <signal.h>

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <thread>

namespace swarmout {

/// Signals within this time of a request are the same request.
inline constexpr std::chrono::milliseconds kSameRequest{1000};
/// From the second request on, at most.
inline constexpr std::chrono::milliseconds kHaste{3000};

/// When to do what. Pure.
class Ending {
public:
  enum class Step { none, stop, hurry, end_now };
  /// `longest`: from the first request on.
  explicit Ending(std::chrono::milliseconds longest) : longest_(longest) {}

  [[nodiscard]] Step asked(MonotonicTime now);
  /// Then it is over; nothing before the first request.
  [[nodiscard]] std::optional<MonotonicTime> deadline() const { return deadline_; }

private:
  std::chrono::milliseconds longest_;
  int requests_ = 0;
  MonotonicTime last_{};
  std::optional<MonotonicTime> deadline_;
};

/// Takes the signals of this process, on a thread of its own. Made before any other thread: all of them inherit that
/// these are blocked. SIGHUP and SIGINT that were ignored when the process began stay so (nohup, background jobs).
class Signals {
public:
  /// `on_hangup`: what SIGHUP does instead, on that thread.
  explicit Signals(std::chrono::milliseconds longest, std::function<void()> on_hangup = {});
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }

private:
  void wait(const std::stop_token& end);

  sigset_t set_{};
  std::function<void()> on_hangup_;
  Ending ending_;
  std::stop_source stop_;
  std::jthread waiter_;
};

}  // namespace swarmout
