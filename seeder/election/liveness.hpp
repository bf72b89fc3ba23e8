// Is the holder of a claim alive? Judged from whether the bytes of its heartbeat change, on the observer's own
// monotonic clock. No wall clocks are compared, no host names, no process numbers: hosts are clones.

#pragma once

#include "common/base/clock.hpp"

#include <optional>
#include <string>

namespace swarmout {

enum class Verdict {
  unknown,  ///< not watched long enough
  alive,    ///< its bytes changed while we watched
  stale,    ///< unchanged for `stale_checks` looks without a gap
};

/// Pure; fed with looks that are `interval` apart.
class Liveness {
public:
  Liveness(std::chrono::milliseconds interval, unsigned stale_checks)
      : interval_(interval), stale_checks_(stale_checks) {}

  /// A successful look: the heartbeat's bytes, or nothing if there is none yet.
  Verdict saw(MonotonicTime now, std::optional<std::string> bytes);
  /// The share could not be read: nobody can beat then, so nobody may be judged.
  void missed() { last_look_.reset(); }

private:
  std::chrono::milliseconds interval_;
  unsigned stale_checks_;
  unsigned unchanged_ = 0;
  std::optional<MonotonicTime> last_look_;
  std::optional<std::string> bytes_;
};

}  // namespace swarmout
