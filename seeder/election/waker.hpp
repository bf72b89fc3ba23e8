// A sleep by any Clock that other threads can end.

#pragma once

#include "common/base/clock.hpp"

#include <mutex>
#include <stop_token>
#include <utility>

namespace swarmout {

/// One thread sleeps, any thread wakes it. A wake() while it is awake ends its next sleep at once; several count as
/// one.
class Waker {
public:
  void wake() {
    const std::lock_guard lock(mutex_);
    source_.request_stop();
  }
  /// Was it woken since this was asked last?
  [[nodiscard]] bool woken() {
    const std::lock_guard lock(mutex_);
    return source_.stop_requested() && std::exchange(source_, std::stop_source()).stop_requested();
  }
  void sleep(Clock& clock, std::chrono::nanoseconds duration) {
    const std::stop_token token = [this] {
      const std::lock_guard lock(mutex_);
      return source_.get_token();
    }();
    clock.sleep(duration, token);
  }

private:
  std::mutex mutex_;
  std::stop_source source_;
};

}  // namespace swarmout
