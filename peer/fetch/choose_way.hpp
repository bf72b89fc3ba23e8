// By which way a release is fetched: deltas cost the least where they lead there; else its packs.

#pragma once

#include "peer/delta/find_deltas.hpp"
#include "peer/fetch/kept_torrents.hpp"
#include "peer/fetch/retrieval.hpp"

namespace swarmout {

/// Fills in of `goal` what says so: deltas or the .torrent, and why. Where that is kept here, so may the rest be: no
/// deltas are looked for then. `torrents` outlives the retrieval. Errors: of the .torrent, where it is needed.
[[nodiscard]] Result<void> choose_way(RetrievalGoal& goal, KeptTorrents& torrents, const Store& store, Share& share,
                                      const ReleaseAt& release_at, const SwarmSettings& swarm);

}  // namespace swarmout
