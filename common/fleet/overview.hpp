// What the share says about the fleet, as a value: the releases, who leads, which host has what. Behind `status`.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/freshness.hpp"
#include "common/fleet/leader.hpp"
#include "common/fleet/log_entry.hpp"
#include "common/fleet/log_view.hpp"
#include "common/fleet/registry.hpp"
#include "common/release/descriptor.hpp"
#include "common/share/share.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace swarmout {

/// A release that a trusted key has signed; others are not in an overview.
struct PublishedRelease {
  LogEntry commit;
  Descriptor descriptor;
  std::size_t active_on = 0;  ///< live peers
};

/// The leader at work, or one that may still serve.
struct LeaderSeen {
  LogEntry claim;
  bool at_work = false;
  std::optional<HeartbeatInfo> info;     ///< none: it is silent
  std::chrono::milliseconds since_beat;  ///< with `info`
};

struct FleetOverview {
  std::string share;
  WallTime time{};                         ///< by the share's clock
  std::vector<PublishedRelease> releases;  ///< newest first
  std::optional<Position> current;         ///< what hosts should be on; none: nothing is published
  std::optional<Hold> hold;                ///< nothing is published until it is resumed
  std::optional<LeaderSeen> leader;        ///< none: nobody is at work, and nobody has said lately that it serves
  std::vector<SeenPeer> peers;             ///< live ones
  std::vector<SeenPeer> silent{};          ///< who has a record that has expired
  std::optional<Freshness> newest_word;    ///< of the log; none: nothing is signed
  std::vector<Error> foreign;              ///< what on the share is nobody's whom this host trusts
};

/// How many times as long as the bound a peer took for its target: times_bound() with the leader's line rate. Nullopt:
/// not known.
[[nodiscard]] std::optional<double> bound_multiple(const FleetOverview& fleet, const PeerRecord& peer);

/// Reads the newest `releases` and the current one, the leader's heartbeat and all peers' records. `now`: by this
/// host's clock. Errors: as LogReader::refresh().
[[nodiscard]] Result<FleetOverview> fleet_overview(Share& share, const TrustedKeys& keys, std::size_t releases,
                                                   WallTime now);

}  // namespace swarmout
