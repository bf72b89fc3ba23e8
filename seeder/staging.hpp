// Makes a sealed release fetchable before it is published.

#pragma once

#include "common/base/endpoint.hpp"
#include "common/share/share.hpp"
#include "common/swarm/swarm_session.hpp"
#include "seeder/epoch.hpp"
#include "seeder/sealed_release.hpp"

#include <optional>
#include <string>

namespace swarmout {

/// Serves one release from this host's store, under its epoch's claim until withdrawn.
class Stage {
public:
  /// Lays the files out, starts the session's torrent, and that of a delta, then puts the .torrent, the delta file and
  /// the descriptor on the share, in this order: what a peer reads can be fetched already.
  [[nodiscard]] static Result<Stage> open(const Epoch& epoch, SwarmSession& session,
                                          const std::optional<Endpoint>& tracker, const SealedRelease& sealed);

  /// Takes the descriptor off the share and the torrent out of the session.
  [[nodiscard]] Result<void> withdraw(Share& share, SwarmSession& session);

private:
  [[nodiscard]] Result<void> open_delta(const Epoch& epoch, SwarmSession& session, const ReleaseDelta& delta);

  InfoHash info_hash_;
  std::optional<InfoHash> delta_;
  Path delta_room_;
  std::string cell_;
  Path layout_;
};

}  // namespace swarmout
