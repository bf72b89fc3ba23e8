// Who is there: the records of all peers on the share.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/peer_record.hpp"
#include "common/share/share.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
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

/// A peer says in its record when the next one is due. It is live until kSilentIntervals of these have passed, by the
/// share's own times, but at least kLeastSilence (a host that is starved of processor or share; hosts' clocks, where
/// they set the times of files), and at most kPeerSilence, which is also for one that does not say. So a host that was
/// killed holds up no quorum for long.
inline constexpr int kSilentIntervals = 4;
inline constexpr std::chrono::seconds kLeastSilence{20};
inline constexpr std::chrono::seconds kPeerSilence{60};

/// Whether a record that was written then still says that its host lives.
[[nodiscard]] bool is_live(const SeenPeer& peer, WallTime now);

/// The peer whose cell this is, live or not; a record from the future counts as written at `now`. Nothing: it cannot be
/// read at the moment, or names another host than its cell.
[[nodiscard]] std::optional<SeenPeer> read_peer(Share& share, const std::string& name, WallTime now);

/// How often an idle peer writes its record, one of `fleet`: together no more than 20 times a second while that is
/// more often than every 15 s.
[[nodiscard]] std::chrono::milliseconds idle_interval(std::size_t fleet);

/// How many peers have a record: live ones, and some that are not any more. One listing.
[[nodiscard]] Result<std::size_t> peers_on(Share& share);

/// Everybody who has a record.
struct Roll {
  std::vector<SeenPeer> live;
  /// Whose last record has expired, and who has not come back since under another id at the same address and name. They
  /// are known for about a day, until a leader tidies up.
  std::vector<SeenPeer> silent;
};
/// At `now`, a recent time by the share's clock. Cells are read as by live_peers().
[[nodiscard]] Result<Roll> call_roll(Share& share, WallTime now);

/// Peers that are live at `now`, a recent time by the share's clock, read from at most `limit` cells chosen at random
/// (0: all of them). Cells that cannot be read at the moment are left out, and those that
/// name another host than theirs. A record from the future counts as written
/// at `now`, and silences nobody.
[[nodiscard]] Result<std::vector<SeenPeer>> live_peers(Share& share, std::size_t limit, WallTime now);

}  // namespace swarmout
