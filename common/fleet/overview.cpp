#include "common/fleet/overview.hpp"

#include "common/fleet/log_reader.hpp"
#include "common/fleet/log_view.hpp"
#include "common/fleet/strays.hpp"
#include "common/fleet/trust.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace swarmout {

namespace {

std::optional<PublishedRelease> published(const LogEntry& commit, const TrustedKeys& keys,
                                          const std::vector<SeenPeer>& peers, std::vector<Error>& foreign) {
  auto release = trusted(commit, keys);
  if (!release) {
    foreign.push_back(std::move(release).error());
    return std::nullopt;
  }
  const Descriptor& descriptor = release->descriptor;
  const auto active = std::count_if(peers.begin(), peers.end(),
                                    [&](const SeenPeer& peer) { return peer.record.is_active_on(descriptor); });
  return PublishedRelease{commit, descriptor, static_cast<std::size_t>(active)};
}

std::optional<LeaderSeen> leader_seen(const std::optional<KnownLeader>& known, WallTime now) {
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

/// Asking the share's clock makes a file there: for who may only read, this host's counts.
Result<WallTime> time_of(Share& share, WallTime own) {
  auto time = share.now();
  if (time || time.error().code != ErrorCode::cannot_write) {
    return time;
  }
  spdlog::warn("this host's clock counts, as the share's cannot be asked: {}", time.error().message);
  return own;
}

}  // namespace

std::optional<double> bound_multiple(const FleetOverview& fleet, const PeerRecord& peer) {
  const double rate = fleet.leader && fleet.leader->info ? fleet.leader->info->line_rate : 0;
  return peer.fetched_in ? times_bound(*peer.fetched_in, peer.needed(), rate) : std::nullopt;
}

Result<FleetOverview> fleet_overview(Share& share, const TrustedKeys& keys, std::size_t releases, WallTime now) {
  LogReader reader(share, keys);
  TRY_ASSIGN(const LogView* log, reader.refresh_with_history(releases));
  FleetOverview fleet;
  fleet.share = share.name();
  TRY_ASSIGN(fleet.time, time_of(share, now));
  TRY_ASSIGN(Roll roll, call_roll(share, fleet.time));
  fleet.peers = std::move(roll.live);
  fleet.silent = std::move(roll.silent);
  std::vector<const LogEntry*> shown = log->releases(releases);
  if (const LogEntry* const current = log->current_release()) {
    fleet.current = current->position;
    if (std::find(shown.begin(), shown.end(), current) == shown.end()) {
      shown.push_back(current);  // gone back to, and older than these
    }
  }
  fleet.hold = log->hold();
  for (const LogEntry* const each : shown) {
    if (auto release = published(*each, keys, fleet.peers, fleet.foreign)) {
      fleet.releases.push_back(*std::move(release));
    }
  }
  const auto leader = known_leader(share, *log, keys);
  fleet.leader = leader_seen(leader, fleet.time);
  fleet.newest_word = freshness_of(*log, now);
  if (auto strays = about_strays(*log, share.name())) {
    fleet.foreign.push_back(*std::move(strays));
  }
  if (leader && leader->bad_beat) {
    fleet.foreign.push_back(*leader->bad_beat);
  }
  return fleet;
}

}  // namespace swarmout
