// How old the newest signed word of a log is: whoever holds a share back, or serves an old copy of it, can sign
// nothing.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/log_view.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace swarmout {

/// How far ahead of this host's clock a word may be and still count as of now.
inline constexpr std::chrono::hours kWordAhead{1};

struct Freshness {
  std::string said;                 ///< when, as the entry has it
  std::chrono::milliseconds age{};  ///< never negative
  bool ahead = false;               ///< by more than kWordAhead: how old it is, nobody knows
};

/// Of the newest signed entry. `now` by this host's own clock: who has the share has the share's clock, too. Nothing:
/// nothing is signed.
[[nodiscard]] std::optional<Freshness> freshness_of(const LogView& log, WallTime now);

/// Why it is not fresh; nothing: it is, or `max_age` is 0. Code: temporary.
[[nodiscard]] std::optional<Error> too_old(const std::optional<Freshness>& newest, std::chrono::milliseconds max_age,
                                           const std::string& share);

}  // namespace swarmout
