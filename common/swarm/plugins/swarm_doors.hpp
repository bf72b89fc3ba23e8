// Keeps a place and a part of the line for every address: connection_shares and serving_turns, in libtorrent. Also says
// to the session's DialBook who was met.
//
// A connection whose turn is not now is choked (BEP 3), and its requests are refused (BEP 6); it is unchoked when its
// turn comes. libtorrent itself chokes nobody here (libtorrent_params), and does not know of it.
//
// Included only by files that wrap libtorrent. See docs/decisions/0048-an-address-has-one-part.md.

#pragma once

#include "common/base/clock.hpp"
#include "common/swarm/acquaintances.hpp"
#include "common/swarm/plugins/serving_turns.hpp"
#include "common/swarm/plugins/swarm_plugin.hpp"

#include <atomic>
#include <cstddef>
#include <memory>

namespace swarmout {

/// What the torrents of a session have in common.
struct SwarmDoors {
  Clock& clock;
  std::shared_ptr<Acquaintances> known;
  ServingTurns turns{};         ///< of libtorrent's network thread
  ServingTurns::Host next = 0;  ///< likewise
};

struct DoorRules {
  std::size_t most = 0;           ///< connections of the torrent
  std::size_t of_an_address = 0;  ///< 0: as there is room
};

/// For add_torrent_params::extensions, before those that answer requests. `hosts` is how many others are connected now,
/// as ConnectionShares::others() has it.
[[nodiscard]] MakePlugin make_doors(std::shared_ptr<SwarmDoors> doors, const DoorRules& rules,
                                    std::shared_ptr<std::atomic<int>> hosts);

/// The address at the other end.
[[nodiscard]] IpBytes remote_ip(const lt::peer_connection_handle& connection);

}  // namespace swarmout
