// What this host says of itself on the share.

#pragma once

#include "common/fleet/peer_record.hpp"
#include "common/release/descriptor.hpp"
#include "common/swarm/swarm_session.hpp"
#include "peer/activation.hpp"

#include <optional>
#include <string>
#include <vector>

namespace swarmout {

struct OwnState {
  const Descriptor* active = nullptr;  ///< what `current` leads to, as we made it; null: nothing
  const Descriptor* shown = nullptr;   ///< what is fetched, or was fetched last; null: nothing
  bool complete = false;               ///< that is whole, and unpacked
  std::string trouble;
  std::vector<Position> holds{};  ///< what it has all of, the newest first
  HeldBack held_back{};
  std::optional<JobRecord> job{};
  std::string version{};  ///< of this program
  std::string pinned{};   ///< what is pinned by hand, in words
  Bytes deltas = 0;       ///< that came for what is shown
};

/// All but what identifies this host: Presence fills that in.
[[nodiscard]] PeerRecord own_record(const OwnState& own, SwarmSession& session);

}  // namespace swarmout
