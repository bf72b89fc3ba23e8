#include "peer/run/roll_call.hpp"

#include "common/fleet/registry.hpp"

namespace swarmout {

Result<FleetSight> RollCall::call(Share& share, const Descriptor& goal, WallTime now) {
  if (goal_ != goal.info_hash.digest) {
    goal_ = goal.info_hash.digest;
    there_.clear();
  }
  TRY_ASSIGN(const auto names, share.list_cells(CellKind::peer));
  listed_ = names.size();
  FleetSight fleet;
  std::map<std::string, PeerRecord> still;
  for (const std::string& name : names) {
    if (auto known = there_.extract(name); !known.empty()) {
      fleet.live.push_back(known.mapped());
      still.insert(std::move(known));
      continue;
    }
    auto peer = read_peer(share, name, now);
    if (!peer || !is_live(*peer, now)) {
      continue;
    }
    if (peer->record.is_active_on(goal)) {
      still.emplace(name, peer->record);
    }
    fleet.live.push_back(std::move(peer->record));
  }
  there_ = std::move(still);
  return fleet;
}

std::chrono::milliseconds RollCall::interval() const {
  return share_interval(listed_, std::chrono::milliseconds(500), std::chrono::seconds(10));
}

}  // namespace swarmout
