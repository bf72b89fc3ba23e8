#include "seeder/election/slot.hpp"

#include "common/base/result.hpp"
#include "common/fleet/log_entry.hpp"

#include <fmt/format.h>

#include <ctime>

namespace swarmout {

std::string slot_of(WallTime now, std::chrono::seconds period) {
  INVARIANT(period.count() > 0);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  const auto rounded = (seconds + period.count() / 2) / period.count() * period.count();
  return fmt::format("{}/{}", utc(WallTime(std::chrono::seconds(rounded))), period.count());
}

std::optional<WallTime> parse_utc(std::string_view text) {
  std::tm time{};
  const std::string copy(text);
  const char* const end = ::strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%SZ", &time);
  if (end == nullptr || *end != '\0') {
    return std::nullopt;
  }
  const WallTime parsed{std::chrono::seconds(::timegm(&time))};
  return utc(parsed) == text ? std::optional(parsed) : std::nullopt;  // no 31st of February
}

}  // namespace swarmout
