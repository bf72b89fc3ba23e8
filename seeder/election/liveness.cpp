#include "seeder/election/liveness.hpp"

#include <algorithm>

namespace swarmout {

Verdict Liveness::saw(MonotonicTime now, std::optional<std::uint64_t> counter) {
  // A gap: we were paused, or the share was away. What happened meanwhile says nothing about the other side.
  const bool first = !last_look_ || now - *last_look_ > 3 * interval_;
  last_look_ = now;
  // A record that goes (in etcd with its lease) is no sign of life, nor is one that comes back.
  const bool changed = counter && (!highest_ || *counter > *highest_);
  highest_ = std::max(highest_, counter);
  if (first) {
    unchanged_ = 0;
    return Verdict::unknown;
  }
  if (changed) {
    unchanged_ = 0;
    return Verdict::alive;
  }
  return ++unchanged_ >= stale_checks_ ? Verdict::stale : Verdict::unknown;
}

}  // namespace swarmout
