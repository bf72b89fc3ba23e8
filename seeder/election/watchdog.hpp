// Sees to it that a leader's work ends: it gives the order to stop when nothing moves or the time is over, ends the
// claim as soon as any order is given, and ends the process if the work does not come back from that. A thread that is
// blocked in a system call cannot be told anything; its process can be ended.

#pragma once

#include "common/base/clock.hpp"
#include "seeder/election/stall_watch.hpp"
#include "seeder/election/stop_order.hpp"
#include "seeder/election/waker.hpp"

#include <atomic>
#include <functional>
#include <thread>

namespace swarmout {

struct WatchdogSettings {
  std::chrono::milliseconds max_runtime{std::chrono::hours(6)};
  std::chrono::milliseconds stall_timeout{std::chrono::minutes(15)};
  /// From the order to stop until the process is ended. A child that ignores SIGTERM takes two seconds, a swarm session
  /// two, a share that does not answer two.
  std::chrono::milliseconds grace{std::chrono::seconds(6)};
};

/// What it does; called from its own thread.
struct WatchdogDuties {
  std::function<HeartbeatInfo()> collect;                           ///< how far the work is
  std::function<void(const StopOrder::Given&)> end_claim;           ///< must come back within a few seconds
  std::function<void(const StopOrder::Given&, Phase)> end_process;  ///< does not return, but in tests
};

/// Watches from construction until it is dropped: that the work has come back.
class Watchdog {
public:
  /// `clock` and `order` outlive this.
  Watchdog(Clock& clock, WatchdogSettings settings, StopOrder& order, WatchdogDuties duties);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

private:
  void run();
  void judge(MonotonicTime now);

  Clock& clock_;
  WatchdogSettings settings_;
  StopOrder& order_;
  WatchdogDuties duties_;
  MonotonicTime deadline_;
  std::chrono::milliseconds nap_;
  StallWatch stall_;
  std::atomic<bool> back_{false};
  std::stop_source came_back_;
  Waker waker_;
  std::stop_callback<std::function<void()>> when_ordered_;
  std::thread thread_;
};

}  // namespace swarmout
