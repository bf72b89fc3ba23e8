// The order to stop a leader's work, with its reason: the first one counts.

#pragma once

#include "common/base/result.hpp"

#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

namespace swarmout {

enum class StopReason {
  asked,     ///< by a signal
  passed,    ///< another entry follows our CLAIM: nothing of ours can be published any more
  hindered,  ///< the same, by something that nobody with a trusted key has written
  stalled,   ///< nothing has moved for too long
  overtime,  ///< the run has taken too long
};

/// Any thread.
class StopOrder {
public:
  struct Given {
    StopReason reason = StopReason::asked;
    std::string why;  ///< for people
  };

  /// A stop of `outer` is an order of reason `asked`.
  explicit StopOrder(std::stop_token outer);
  StopOrder(const StopOrder&) = delete;
  StopOrder& operator=(const StopOrder&) = delete;

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  void give(StopReason reason, std::string why);
  [[nodiscard]] std::optional<Given> given() const;

private:
  mutable std::mutex mutex_;
  std::optional<Given> given_;
  std::stop_source source_;
  std::stop_callback<std::function<void()>> outer_;  ///< last: it may be called at once
};

/// Whether the number after our CLAIM is taken: no ABANDON can have it.
[[nodiscard]] constexpr bool number_is_taken(StopReason reason) {
  return reason == StopReason::passed || reason == StopReason::hindered;
}

/// What the work that was stopped fails with.
[[nodiscard]] Error error_of(const StopOrder::Given& order);

}  // namespace swarmout
