#include "common/fleet/overview.hpp"

#include "common/fleet/log_reader.hpp"
#include "common/fleet/log_view.hpp"

#include <algorithm>

namespace swarmout {

namespace {

PublishedRelease published(const LogEntry& commit, const std::vector<SeenPeer>& peers) {
  PublishedRelease release{commit, std::nullopt, 0};
  if (auto descriptor = decode_descriptor(commit.descriptor); descriptor && descriptor->position == commit.position) {
    release.descriptor = *std::move(descriptor);
    release.active_on = static_cast<std::size_t>(std::count_if(peers.begin(), peers.end(), [&](const SeenPeer& peer) {
      return peer.record.is_active_on(*release.descriptor);
    }));
  }
  return release;
}

std::optional<LeaderSeen> leader_seen(Share& share, const LogView& log, WallTime now) {
  const auto known = known_leader(share, log);
  if (!known || (!known->at_work && !known->beat)) {
    return std::nullopt;
  }
  LeaderSeen seen{*known->claim, known->at_work, std::nullopt, {}};
  if (known->beat) {
    seen.info = known->beat->info;
    seen.since_beat = std::chrono::duration_cast<std::chrono::milliseconds>(now - std::min(known->beat->written, now));
  }
  return seen;
}

}  // namespace

std::optional<double> bound_multiple(const FleetOverview& fleet, const PeerRecord& peer) {
  const double rate = fleet.leader && fleet.leader->info ? fleet.leader->info->line_rate : 0;
  return peer.fetched_in ? times_bound(*peer.fetched_in, peer.needed(), rate) : std::nullopt;
}

Result<FleetOverview> fleet_overview(Share& share, std::size_t releases) {
  LogReader reader(share);
  TRY_ASSIGN(const LogView* log, reader.refresh_with_history(releases));
  FleetOverview fleet;
  fleet.share = share.name();
  TRY_ASSIGN(fleet.time, share.now());
  TRY_ASSIGN(fleet.peers, live_peers(share, 0, fleet.time));
  for (const LogEntry* const each : log->releases(releases)) {
    fleet.releases.push_back(published(*each, fleet.peers));
  }
  fleet.leader = leader_seen(share, *log, fleet.time);
  return fleet;
}

}  // namespace swarmout
