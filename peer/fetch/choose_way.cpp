#include "peer/fetch/choose_way.hpp"

namespace swarmout {

Result<void> choose_way(RetrievalGoal& goal, KeptTorrents& torrents, const Store& store, Share& share,
                        const ReleaseAt& release_at, const SwarmSettings& swarm) {
  const Descriptor& release = goal.release.descriptor;
  if (!torrents.has(release)) {
    FoundDeltas found = find_deltas(share, store, release, release_at);
    goal.deltas = std::move(found.steps);
    goal.why_packs = std::move(found.why_not);
    goal.certificate = swarm.certificate ? swarm.certificate->certificate : std::string();
    goal.ask_torrent = [&torrents, release] { return torrents.get(release); };
  }
  if (goal.deltas.empty()) {
    TRY_ASSIGN(goal.torrent, torrents.get(release));
  }
  return {};
}

}  // namespace swarmout
