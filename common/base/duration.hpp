// Durations as people write them: "90s", "20m", "1h30m", "250ms", "0".

#pragma once

#include "common/base/result.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace swarmout {

/// Errors: usage; also for more than a hundred years.
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(std::string_view text);
/// "4.0 s", "15 s", "2 min 5 s", "3 h 10 min".
[[nodiscard]] std::string to_text(std::chrono::milliseconds duration);

}  // namespace swarmout
