// A clock that moves only when told, and whose sleepers really sleep: for code with threads of its own.

#pragma once

#include "common/base/clock.hpp"
#include "tests/support/wait_for.hpp"

#include <condition_variable>
#include <mutex>
#include <set>

namespace swarmout::test {

/// Any thread.
class ManualClock final : public Clock {
public:
  MonotonicTime now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  WallTime wall() const override {
    const std::lock_guard lock(mutex_);
    return WallTime(std::chrono::seconds(1'790'000'000)) +
           std::chrono::duration_cast<WallTime::duration>(now_.time_since_epoch());
  }
  bool sleep(std::chrono::nanoseconds duration, std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    const MonotonicTime until = now_ + duration;
    const auto self = sleepers_.insert(until);
    moved_.notify_all();
    moved_.wait(lock, stop, [&] { return now_ >= until; });
    sleepers_.erase(self);
    return !stop.stop_requested();
  }

  void advance(std::chrono::nanoseconds duration) {
    const std::lock_guard lock(mutex_);
    now_ += duration;
    moved_.notify_all();
  }
  /// Moves on in small steps, each once a sleeper waits for it, so that none of its looks is left out.
  void pass(std::chrono::milliseconds duration, std::chrono::milliseconds step) {
    for (std::chrono::milliseconds gone{0}; gone < duration; gone += step) {
      if (!someone_sleeps()) {
        return;
      }
      advance(step);
    }
    [[maybe_unused]] const bool again = someone_sleeps();
  }
  /// Waits, in real time, until a thread sleeps that the time now does not wake. False: none does.
  [[nodiscard]] bool someone_sleeps(std::chrono::milliseconds patience = kPatience) {
    std::unique_lock lock(mutex_);
    return moved_.wait_for(lock, patience, [this] { return sleepers_.upper_bound(now_) != sleepers_.end(); });
  }

private:
  mutable std::mutex mutex_;
  std::condition_variable_any moved_;
  MonotonicTime now_{std::chrono::hours(1)};
  std::multiset<MonotonicTime> sleepers_;  ///< until when
};

}  // namespace swarmout::test
