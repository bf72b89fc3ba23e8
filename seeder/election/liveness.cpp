#include "seeder/election/liveness.hpp"

namespace swarmout {

Verdict Liveness::saw(MonotonicTime now, std::optional<std::string> bytes) {
  // A gap: we were paused, or the share was away. What happened meanwhile says nothing about the other side.
  const bool first = !last_look_ || now - *last_look_ > 3 * interval_;
  last_look_ = now;
  const bool changed = bytes && bytes != bytes_;  // a record that goes (in etcd with its lease) is no sign of life
  bytes_ = std::move(bytes);
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
