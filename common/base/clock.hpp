// Time, as the rest of the program sees it, so that tests can move it by hand.
//
// Decisions compare only monotonic instants of one process. Wall time is for people and for slot names.

#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace swarmout {

using MonotonicTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

class Clock {
public:
  virtual ~Clock() = default;

  [[nodiscard]] virtual MonotonicTime now() const = 0;
  [[nodiscard]] virtual WallTime wall() const = 0;

  /// Sleeps for `duration`, or until `stop` is requested. True if the whole time has passed.
  virtual bool sleep(std::chrono::nanoseconds duration, std::stop_token stop) = 0;
};

/// The machine's clock. Any number of threads may use it.
Clock& system_clock();

/// Of a file or a server, which can say anything: the nearest from 1970 until 2262, where nanoseconds in 64 bits end.
/// The difference of any two of these is a duration.
[[nodiscard]] WallTime wall_time(std::chrono::seconds seconds, std::chrono::nanoseconds more = {});

/// "2026-11-23T12:00:00Z"
[[nodiscard]] std::string utc(WallTime time);
/// Reads what utc() writes; nullopt for anything else.
[[nodiscard]] std::optional<WallTime> parse_utc(std::string_view text);

}  // namespace swarmout
