// Is the holder of a claim alive? Judged from whether the counter of its heartbeat grows, on the observer's own
// monotonic clock. No wall clocks are compared, no host names, no process numbers: hosts are clones. What is no beat of
// the holder's (not signed for its claim, or old) never comes here.

#pragma once

#include "common/base/clock.hpp"

#include <cstdint>
#include <optional>

namespace swarmout {

enum class Verdict {
  unknown,  ///< not watched long enough
  alive,    ///< it counted on while we watched
  stale,    ///< it did not for `stale_checks` looks without a gap
};

/// Pure; fed with looks that are `interval` apart.
class Liveness {
public:
  Liveness(std::chrono::milliseconds interval, unsigned stale_checks)
      : interval_(interval), stale_checks_(stale_checks) {}

  /// A successful look: the heartbeat's counter, or nothing if there is none yet. Counting back is no sign of life: an
  /// old beat was put there again.
  Verdict saw(MonotonicTime now, std::optional<std::uint64_t> counter);
  /// The share could not be read: nobody can beat then, so nobody may be judged.
  void missed() { last_look_.reset(); }

private:
  std::chrono::milliseconds interval_;
  unsigned stale_checks_;
  unsigned unchanged_ = 0;
  std::optional<MonotonicTime> last_look_;
  std::optional<std::uint64_t> highest_;
};

}  // namespace swarmout
