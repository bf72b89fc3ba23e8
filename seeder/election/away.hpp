// The share is away for a moment: no news for cron's mail, since the run goes on, or ends and says why.

#pragma once

#include "common/base/result.hpp"

#include <spdlog/spdlog.h>

namespace swarmout {

[[nodiscard]] inline bool is_away(const Error& error) {
  return error.code == ErrorCode::unavailable || error.code == ErrorCode::temporary;
}

/// How a step that does not end the run says its trouble: info (a terminal, -v) of a share that is away. A run that
/// loses it at three places would otherwise send a mail of four lines.
[[nodiscard]] inline spdlog::level::level_enum level_of(const Error& error) {
  return is_away(error) ? spdlog::level::info : spdlog::level::warn;
}

}  // namespace swarmout
