// Some bytes of a release from other hosts, and no more: a manifest to look into, the frames that a damaged file needs.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/log_view.hpp"
#include "common/release/descriptor.hpp"
#include "common/release/signing.hpp"
#include "common/share/share.hpp"
#include "common/swarm/swarm_session.hpp"

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>

namespace swarmout {

struct PartWish {
  SignedDescriptor release;
  std::string torrent;  ///< already checked against the descriptor
  FileRanges ranges;    ///< nothing else is fetched; whole pieces come
  Path directory;       ///< files are made below it, in swarmout/; what is there already is taken to be nothing
};

/// From whom it comes: called at once, and again every two seconds while few are connected.
using Neighbours = std::function<std::vector<Endpoint>()>;

/// Nobody has sent anything for this long: what is wanted is not to be had now.
inline constexpr std::chrono::seconds kNobodySends{60};

using PartProgress = std::function<void(const SwarmStatus&)>;

/// Returns when the bytes are there, verified and on the file system, each file of its full size (with holes). Gives
/// how many came over the network. The session serves what was fetched until then and not longer. Errors: temporary:
/// stopped, or nobody has them; cannot_write.
[[nodiscard]] Result<Bytes> fetch_parts(SwarmSession& session, const PartWish& wish, const Neighbours& neighbours,
                                        const std::vector<Endpoint>& trackers, Clock& clock,
                                        const std::stop_token& stop, const PartProgress& progress);

/// Where the fleet is. All of it outlives the call.
struct FleetAccess {
  Share& share;
  const LogView& log;
  const TrustedKeys& keys;
  const SwarmSettings& swarm;
  Clock& clock;
};
/// The same in a session of its own, with the hosts that the share knows: live ones, the leader, and who published it.
[[nodiscard]] Result<Bytes> fetch_parts_from(const FleetAccess& fleet, const PartWish& wish,
                                             const std::stop_token& stop, const PartProgress& progress);

}  // namespace swarmout
