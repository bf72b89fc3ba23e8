// Has the work stopped moving? Waiting for peers is not work.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/leader_record.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace swarmout {

/// Pure; fed with looks that are at most `interval` apart.
class StallWatch {
public:
  StallWatch(std::chrono::milliseconds interval, std::chrono::milliseconds timeout)
      : interval_(interval), timeout_(timeout) {}

  /// For how long nothing has moved, once that is longer than the timeout. A gap between two looks counts for nothing:
  /// this process was paused, and so was the work.
  [[nodiscard]] std::optional<std::chrono::milliseconds> saw(MonotonicTime now, const HeartbeatInfo& info);

private:
  std::chrono::milliseconds interval_;
  std::chrono::milliseconds timeout_;
  std::optional<MonotonicTime> looked_;
  MonotonicTime moved_{};
  std::string progress_;
};

}  // namespace swarmout
