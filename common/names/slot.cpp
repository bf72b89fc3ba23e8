#include "common/names/slot.hpp"

#include "common/base/result.hpp"

#include <fmt/format.h>

namespace swarmout {

std::string slot_of(WallTime now, std::chrono::seconds period) {
  INVARIANT(period.count() > 0);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  const auto rounded = (seconds + period.count() / 2) / period.count() * period.count();
  return fmt::format("{}/{}", utc(WallTime(std::chrono::seconds(rounded))), period.count());
}

}  // namespace swarmout
