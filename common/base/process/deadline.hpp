// A stop token that ends with another one, or when a time is over.

#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <thread>

namespace swarmout {

/// By the monotonic clock. Any thread.
class Deadline {
public:
  /// No time: it ends with `outer` alone.
  Deadline(std::optional<std::chrono::milliseconds> time, const std::stop_token& outer);

  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }
  /// The time was over before `outer` was requested.
  [[nodiscard]] bool passed() const { return passed_; }

private:
  std::stop_source stop_;
  std::atomic<bool> passed_{false};
  std::stop_callback<std::function<void()>> with_outer_;
  std::jthread timer_;
};

}  // namespace swarmout
