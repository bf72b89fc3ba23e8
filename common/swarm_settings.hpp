// How libtorrent is set up for one seeder and many clones on a fast local network.
// Included only by files that wrap libtorrent.

#pragma once

#include "common/swarm_session.hpp"

#include <libtorrent/session_params.hpp>

namespace swarmout {

[[nodiscard]] lt::session_params session_params_for(const SwarmSettings& settings);
/// Connections a torrent may have: few on clones, because each piece is announced on each of them.
[[nodiscard]] int connections_for(const SwarmSettings& settings);

}  // namespace swarmout
