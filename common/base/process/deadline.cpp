#include "common/base/process/deadline.hpp"

#include <condition_variable>
#include <mutex>

namespace swarmout {

Deadline::Deadline(std::optional<std::chrono::milliseconds> time, const std::stop_token& outer)
    : with_outer_(outer, [this] { stop_.request_stop(); }) {
  if (!time) {
    return;
  }
  timer_ = std::jthread([this, time = *time](const std::stop_token& dropped) {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    changed.wait_for(lock, dropped, time, [] { return false; });
    if (!dropped.stop_requested() && !stop_.stop_requested()) {
      passed_ = true;
      stop_.request_stop();
    }
  });
}

}  // namespace swarmout
