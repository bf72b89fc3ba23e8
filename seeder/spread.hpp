// How far a release has spread, and what follows from that: may it be published, may its leader leave? Pure.

#pragma once

#include "common/fleet/peer_record.hpp"
#include "common/fleet/registry.hpp"
#include "common/release/descriptor.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace swarmout {

/// How far the live peers are with one release.
struct Spread {
  std::size_t live = 0;
  std::size_t complete = 0;                          ///< have every byte, verified
  std::size_t active = 0;                            ///< have switched to it
  std::optional<PeerRecord> slowest = std::nullopt;  ///< of those that say how long they took
  std::vector<Endpoint> holders{};                   ///< where those that are complete serve
};
[[nodiscard]] Spread spread_of(const std::vector<SeenPeer>& peers, const Descriptor& release);

struct StageRule {
  double quorum = 0.5;
  unsigned min_copies = 1;
  std::chrono::milliseconds timeout{};
};

/// Between two readings of the records of so many peers.
[[nodiscard]] std::chrono::milliseconds registry_interval(std::size_t peers);

/// May this release be published?
[[nodiscard]] bool may_publish(const Spread& spread, const StageRule& rule, std::chrono::milliseconds waited);

/// More whole copies than this need not be seen by the leader itself: they serve a fleet of any size.
inline constexpr std::size_t kManyCopies = 16;

/// May the leader leave? Only if every live peer says that it is on the release, and if the leader has itself met
/// enough hosts that have all of it (`witnessed`): records may be of hosts that are gone, or wrong.
[[nodiscard]] bool may_leave(const Spread& spread, std::size_t witnessed, double quorum);

}  // namespace swarmout
