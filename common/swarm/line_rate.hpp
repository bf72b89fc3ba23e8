// The rate at which a host can send, learned from what it sent.
//
// What is handed to the kernel in the first moments fills buffers, and at the end hosts ask for less than the line can
// carry; so it is the best five seconds after the first two. Pure.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/units.hpp"

#include <deque>
#include <optional>

namespace swarmout {

class LineRate {
public:
  static constexpr std::int64_t kWarmUp = 2;  ///< seconds
  static constexpr std::size_t kWindow = 5;   ///< seconds

  void sent(Bytes bytes, MonotonicTime now);
  /// Bytes a second; 0: it has not sent for long enough to tell.
  [[nodiscard]] double best() const { return best_; }

private:
  std::optional<MonotonicTime> begin_;
  std::int64_t second_ = 0;  ///< since begin_, the one that is being counted
  Bytes bytes_ = 0;          ///< in it
  std::deque<Bytes> window_;
  double best_ = 0;
};

}  // namespace swarmout
