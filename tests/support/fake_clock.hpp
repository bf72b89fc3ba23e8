// A clock that moves only when told, or when somebody sleeps.

#pragma once

#include "common/base/clock.hpp"

#include <mutex>
#include <vector>

namespace swarmout::test {

/// Any thread. sleep() moves the time on and returns at once.
class FakeClock final : public Clock {
public:
  MonotonicTime now() const override {
    const std::lock_guard lock(mutex_);
    return MonotonicTime(passed_);
  }
  WallTime wall() const override {
    const std::lock_guard lock(mutex_);
    return start_ + std::chrono::duration_cast<WallTime::duration>(passed_);
  }
  bool sleep(std::chrono::nanoseconds duration, std::stop_token stop) override {
    if (stop.stop_requested()) {
      return false;
    }
    advance(duration);
    return true;
  }
  void advance(std::chrono::nanoseconds duration) {
    const std::lock_guard lock(mutex_);
    passed_ += duration;
  }
  /// What a user or NTP does: wall time jumps, monotonic time does not.
  void set_wall(WallTime wall) {
    const std::lock_guard lock(mutex_);
    start_ = wall - std::chrono::duration_cast<WallTime::duration>(passed_);
  }

private:
  mutable std::mutex mutex_;
  std::chrono::nanoseconds passed_ = std::chrono::hours(1);
  WallTime start_ = WallTime(std::chrono::seconds(1'790'000'000));
};

}  // namespace swarmout::test
