#include "common/base/duration.hpp"

#include <fmt/format.h>

#include <charconv>

namespace swarmout {

namespace {

/// Far below what a clock's nanoseconds can hold, so that nothing wraps where durations are added to a time.
constexpr std::chrono::hours kLongest{24 * 365 * 100};

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto bad = [&] {
    return fail(ErrorCode::usage, fmt::format("\"{}\" is not a duration", text), "write 90s, 20m, 1h30m, 250ms or 0");
  };
  if (text == "0") {
    return std::chrono::milliseconds(0);
  }
  if (text.empty()) {
    return bad();
  }
  std::chrono::milliseconds total{0};
  while (!text.empty()) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) {
      return bad();
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::size_t unit_size = std::min(text.find_first_of("0123456789"), text.size());
    const std::string_view unit = text.substr(0, unit_size);
    text.remove_prefix(unit_size);
    if (unit == "ms") {
      total += std::chrono::milliseconds(number);
    } else if (unit == "s") {
      total += std::chrono::seconds(number);
    } else if (unit == "m" || unit == "min") {
      total += std::chrono::minutes(number);
    } else if (unit == "h") {
      total += std::chrono::hours(number);
    } else if (unit == "d") {
      total += std::chrono::hours(24) * number;
    } else {
      return bad();
    }
    if (total > kLongest) {
      return bad();
    }
  }
  return total;
}

std::string to_text(std::chrono::milliseconds duration) {
  const auto seconds = duration.count() / 1000;
  if (duration.count() < 10000) {
    return fmt::format("{:.1f} s", static_cast<double>(duration.count()) / 1000);
  }
  if (seconds < 120) {
    return fmt::format("{} s", seconds);
  }
  if (seconds < 7200) {
    return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  }
  return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
}

}  // namespace swarmout
