#include "common/fleet/registry.hpp"

#include <algorithm>
#include <random>

namespace swarmout {

std::chrono::milliseconds share_interval(std::size_t hosts, std::chrono::milliseconds least,
                                         std::chrono::milliseconds most) {
  constexpr std::chrono::milliseconds kEach{5};
  return std::min(most, std::max(least, kEach * static_cast<std::chrono::milliseconds::rep>(hosts)));
}

Result<std::size_t> peers_on(Share& share) {
  TRY_ASSIGN(const auto names, share.list_cells(CellKind::peer));
  return names.size();
}

Result<std::vector<SeenPeer>> live_peers(Share& share, std::size_t limit, WallTime reference) {
  TRY_ASSIGN(auto names, share.list_cells(CellKind::peer));
  if (limit > 0 && names.size() > limit) {
    static thread_local std::minstd_rand random{std::random_device{}()};
    std::shuffle(names.begin(), names.end(), random);
    names.resize(limit);
  }
  std::vector<SeenPeer> seen;
  WallTime newest = reference;
  for (const std::string& name : names) {
    const auto cell = share.read_cell(CellKind::peer, name);
    if (!cell || !*cell) {
      continue;
    }
    if (auto record = decode_peer((*cell)->bytes)) {
      newest = std::max(newest, (*cell)->written);
      seen.push_back({*std::move(record), (*cell)->written});
    }
  }
  std::erase_if(seen, [&](const SeenPeer& peer) { return peer.written + kPeerSilence < newest; });
  return seen;
}

}  // namespace swarmout
