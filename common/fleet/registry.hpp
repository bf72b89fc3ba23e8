// Who is there: the records of all peers on the share.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/peer_record.hpp"
#include "common/share/share.hpp"

#include <chrono>
#include <cstddef>
#include <vector>

namespace swarmout {

/// How often one of `hosts` looks at the share, or one host at their records, so that it is no more than 200 times a
/// second in all; never more often than `least`, never more seldom than `most`.
[[nodiscard]] std::chrono::milliseconds share_interval(std::size_t hosts, std::chrono::milliseconds least,
                                                       std::chrono::milliseconds most);

struct SeenPeer {
  PeerRecord record;
  WallTime written{};
};

/// Peers write at least every kPeerSilence / 4. One is live if it wrote within kPeerSilence of the newest time on the
/// share: only the share's own times are compared.
inline constexpr std::chrono::seconds kPeerSilence{60};

/// How many peers have a record: live ones, and some that are not any more. One listing.
[[nodiscard]] Result<std::size_t> peers_on(Share& share);

/// Peers that are live, read from at most `limit` cells chosen at random (0: all of them). Cells that cannot be read
/// at the moment are left out. `reference`: a recent time by the share's clock, if the caller has one.
[[nodiscard]] Result<std::vector<SeenPeer>> live_peers(Share& share, std::size_t limit, WallTime reference = {});

}  // namespace swarmout
