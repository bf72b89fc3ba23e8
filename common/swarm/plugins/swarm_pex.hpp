// Peer exchange (BEP 11) for hosts that find too few others. The rest does without: by it everybody would soon be
// connected to everybody, and each piece is announced on each connection. Included only by files that wrap libtorrent.

#pragma once

#include "common/base/clock.hpp"
#include "common/swarm/plugins/swarm_plugin.hpp"

namespace swarmout {

/// For add_torrent_params::extensions, before libtorrent's own plugin for PEX, from which it hides what others send:
/// while this host has kFewConnections or more, and for its first seconds if `told` peers, which it was given, are
/// enough to begin with. What this host sends is not touched. `clock` outlives the torrent.
[[nodiscard]] MakePlugin make_pex_filter(std::size_t told, Clock& clock);

}  // namespace swarmout
