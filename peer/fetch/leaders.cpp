#include "peer/fetch/leaders.hpp"

#include "common/fleet/leader.hpp"

#include <algorithm>

namespace swarmout {

Leaders leaders(Share& share, const LogView& log, Position release, const TrustedKeys& keys) {
  Leaders found;
  const auto leader = known_leader(share, log, keys);
  const auto publisher = publisher_of(share, log, release, keys);
  for (const auto& each : {leader, publisher}) {
    if (!each || !each->beat) {
      continue;
    }
    const HeartbeatInfo& info = each->beat->info;
    if (!found.known.leader) {
      found.known.leader = info.endpoint;
    } else if (info.endpoint != found.known.leader) {
      found.another = info.endpoint;
    }
    found.known.tracker = info.tracker ? info.tracker : found.known.tracker;  // of who serves it: the publisher's
    found.known.leader_rate = std::max(found.known.leader_rate, info.line_rate);
  }
  return found;
}

}  // namespace swarmout
