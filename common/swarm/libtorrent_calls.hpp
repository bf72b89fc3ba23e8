// What takes more than one call of libtorrent, and knows of one session or torrent only.
//
// Included only by files that wrap libtorrent.

#pragma once

#include "common/base/result.hpp"
#include "common/swarm/passed_pieces.hpp"
#include "common/swarm/swarm_options.hpp"

#include <libtorrent/session.hpp>
#include <libtorrent/torrent_handle.hpp>

#include <cstdint>

namespace swarmout {

/// The port that it has got. Errors: temporary: the address or port cannot be bound, or that takes five seconds.
[[nodiscard]] Result<std::uint16_t> wait_until_listening(lt::session& session, const SwarmSettings& settings);

/// Those of `wanted` that have not passed and that several hosts have are fetched before all others.
void hurry_pieces(const lt::torrent_handle& torrent, PieceRange wanted, const PassedPieces& passed);

}  // namespace swarmout
