// Makes a sealed release fetchable, and says when enough peers have it.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/peer_record.hpp"
#include "common/fleet/registry.hpp"
#include "common/release/store.hpp"
#include "common/swarm/swarm_session.hpp"
#include "seeder/seal.hpp"
#include "seeder/serving.hpp"

namespace swarmout {

/// How far the live peers are with one release.
struct Spread {
  std::size_t live = 0;
  std::size_t complete = 0;                          ///< have every byte, verified
  std::size_t active = 0;                            ///< have switched to it
  std::optional<PeerRecord> slowest = std::nullopt;  ///< of those that say how long they took
};
[[nodiscard]] Spread spread_of(const std::vector<SeenPeer>& peers, const Descriptor& release);

struct StageRule {
  double quorum = 0.5;
  unsigned min_copies = 1;
  std::chrono::milliseconds timeout{};
};

/// Between two readings of the records of so many peers.
[[nodiscard]] std::chrono::milliseconds registry_interval(std::size_t peers);

/// Pure: may this release be published?
[[nodiscard]] bool may_publish(const Spread& spread, const StageRule& rule, std::chrono::milliseconds waited);

/// What a leader serves is laid out under this name in its store.
inline constexpr std::string_view kSeedPurpose = "seed";

/// Keeps the swarm going for up to `patience`. Errors: what the session failed with.
[[nodiscard]] Result<void> keep_serving(SwarmSession& session, std::chrono::milliseconds patience);

/// Serves one release from this host's store, under the claim cell `cell` until withdrawn.
class Stage {
public:
  /// Lays the files out, starts the session's torrent, then puts the .torrent and the descriptor on the share, in this
  /// order: what a peer reads can be fetched already.
  [[nodiscard]] static Result<Stage> open(Share& share, Store& store, const Serving& serving,
                                          const SealedRelease& sealed, const std::string& cell);

  /// Takes the descriptor off the share and the torrent out of the session.
  [[nodiscard]] Result<void> withdraw(Share& share, SwarmSession& session);

private:
  InfoHash info_hash_;
  std::string cell_;
  Path layout_;
};

}  // namespace swarmout
