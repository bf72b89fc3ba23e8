#include "seeder/spread.hpp"

#include <algorithm>
#include <cmath>

namespace swarmout {

namespace {

/// At least one.
std::size_t quorum_of(double quorum, std::size_t live) {
  // 0.55 × 100 is a little more than 55 in binary
  return static_cast<std::size_t>(std::max(std::ceil(quorum * static_cast<double>(live) - 1e-9), 1.0));
}

}  // namespace

Spread spread_of(const std::vector<SeenPeer>& peers, const Descriptor& release) {
  Spread spread;
  for (const SeenPeer& peer : peers) {
    ++spread.live;
    spread.active += peer.record.is_active_on(release) ? 1 : 0;
    if (peer.record.has_all_of(release)) {
      ++spread.complete;
      spread.holders.push_back(peer.record.endpoint);
    }
    if (peer.record.info_hash == release.info_hash && peer.record.fetched_in &&
        (!spread.slowest || spread.slowest->fetched_in < peer.record.fetched_in)) {
      spread.slowest = peer.record;
    }
  }
  return spread;
}

std::chrono::milliseconds registry_interval(std::size_t peers) {
  return share_interval(peers, std::chrono::milliseconds(250), std::chrono::milliseconds(5000));
}

bool may_publish(const Spread& spread, const StageRule& rule, std::chrono::milliseconds waited) {
  if (spread.live == 0) {
    return true;
  }
  if (spread.complete >= quorum_of(rule.quorum, spread.live)) {
    return true;
  }
  return waited >= rule.timeout && spread.complete >= rule.min_copies;
}

bool may_leave(const Spread& spread, std::size_t witnessed, double quorum) {
  // Nobody there yet: whoever comes needs somebody.
  return spread.live > 0 && spread.active == spread.live &&
         witnessed >= std::min(quorum_of(quorum, spread.live), kManyCopies);
}

}  // namespace swarmout
