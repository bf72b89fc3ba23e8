#include "common/fleet/freshness.hpp"

#include "common/base/duration.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace swarmout {

std::optional<Freshness> freshness_of(const LogView& log, WallTime now) {
  const LogEntry* const newest = log.last_signed();
  if (newest == nullptr) {
    return std::nullopt;
  }
  const WallTime said = parse_utc(newest->time).value_or(WallTime{});
  return Freshness{newest->time, std::chrono::duration_cast<std::chrono::milliseconds>(now - std::min(said, now)),
                   said > now + kWordAhead};
}

std::optional<Error> too_old(const std::optional<Freshness>& newest, std::chrono::milliseconds max_age,
                             const std::string& share) {
  constexpr const char* kHint = "see whether `swarmout seed` runs, and whether this is the share that it writes to";
  if (max_age.count() <= 0) {
    return std::nullopt;
  }
  if (!newest) {
    return Error{ErrorCode::temporary, fmt::format("nothing on {} is signed", share), kHint};
  }
  if (newest->ahead) {
    return Error{ErrorCode::temporary,
                 fmt::format("the newest signed entry of {} says that it was written at {}, which is not yet", share,
                             newest->said),
                 "set the clock of this host, or of the one that wrote it"};
  }
  if (newest->age <= max_age) {
    return std::nullopt;
  }
  return Error{ErrorCode::temporary,
               fmt::format("the newest signed entry of {} was written at {}, more than {} ago", share, newest->said,
                           to_text(max_age)),
               kHint};
}

}  // namespace swarmout
