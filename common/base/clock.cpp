#include "common/base/clock.hpp"

#include <fmt/chrono.h>

#include <algorithm>
#include <condition_variable>
#include <ctime>
#include <mutex>

namespace swarmout {

namespace {

class SystemClock final : public Clock {
public:
  MonotonicTime now() const override { return std::chrono::steady_clock::now(); }
  WallTime wall() const override { return std::chrono::system_clock::now(); }

  bool sleep(std::chrono::nanoseconds duration, std::stop_token stop) override {
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock lock(mutex);
    woken.wait_for(lock, stop, duration, [] { return false; });
    return !stop.stop_requested();
  }
};

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

WallTime wall_time(std::chrono::seconds seconds, std::chrono::nanoseconds more) {
  constexpr std::chrono::seconds kFirst{0};
  constexpr auto kLast = std::chrono::floor<std::chrono::seconds>(WallTime::duration::max()) - std::chrono::seconds(1);
  const auto nearest = std::clamp(seconds, kFirst, kLast);
  return WallTime(nearest + (nearest == seconds ? more : std::chrono::nanoseconds{}));
}

std::string utc(WallTime time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::optional<WallTime> parse_utc(std::string_view text) {
  std::tm time{};
  const std::string copy(text);
  const char* const end = ::strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%SZ", &time);
  if (end == nullptr || *end != '\0') {
    return std::nullopt;
  }
  const WallTime parsed = wall_time(std::chrono::seconds(::timegm(&time)));
  return utc(parsed) == text ? std::optional(parsed) : std::nullopt;  // no 31st of February, and no year 4052
}

}  // namespace swarmout
