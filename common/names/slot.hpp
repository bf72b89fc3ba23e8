// Slots: which cron run this is, so that each is published at most once.

#pragma once

#include "common/base/clock.hpp"

#include <string>

namespace swarmout {

/// The nearest multiple of `period`, for example "2026-11-23T12:00:00Z/3600". Rounded, not cut off: cron fires at the
/// boundary, and 11:59:59.9 and 12:00:00.1 are the same run.
[[nodiscard]] std::string slot_of(WallTime now, std::chrono::seconds period);

}  // namespace swarmout
