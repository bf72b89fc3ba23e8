// How much of what the log says leaves the process. Whoever can make a line appear, by a record on the share for
// example, could else make it appear at each look, and fill a disk or a mailbox.
//
// A sentence that was said is not said again for kQuietFor; then once more, with how often it was meant since. Of all
// sentences together there are at most kLinesAMinute (debugging: kDebugLinesAMinute); what was left out is counted.

#pragma once

#include "common/base/clock.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace swarmout {

inline constexpr std::chrono::minutes kQuietFor{10};
/// A leader at work or a service that fetches says some ten lines a minute; each may have about 4 KiB, so this is 10 MB
/// in an hour at the very most.
inline constexpr unsigned kLinesAMinute = 60;
inline constexpr unsigned kDebugLinesAMinute = 3000;
/// Sentences that are remembered. A new one takes the place of the one that was said longest ago.
inline constexpr std::size_t kRemembered = 64;

/// One thread at a time.
class LineLimit {
public:
  /// The line as it is to be said now, perhaps with a remark; nullopt: it is left out.
  [[nodiscard]] std::optional<std::string> pass(std::string_view line, bool debugging, MonotonicTime now);

private:
  struct Sentence {
    MonotonicTime said{};
    std::uint64_t unsaid = 0;
  };
  struct Minute {
    MonotonicTime began{};
    unsigned lines = 0;
    std::uint64_t left_out = 0;
  };
  [[nodiscard]] bool has_room(bool debugging, MonotonicTime now);
  void remember(std::string_view line, MonotonicTime now);

  std::map<std::string, Sentence, std::less<>> sentences_;
  Minute minute_;
  Minute debug_minute_;  ///< of its own: who debugs must not miss what matters
  std::uint64_t left_out_before_ = 0;
};

}  // namespace swarmout
