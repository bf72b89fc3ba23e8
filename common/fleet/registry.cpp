#include "common/fleet/registry.hpp"

#include <algorithm>
#include <random>

namespace swarmout {

namespace {

/// After which a peer counts as gone.
std::chrono::milliseconds silence_of(const PeerRecord& record) {
  if (record.interval.count() <= 0) {
    return kPeerSilence;
  }
  return std::clamp<std::chrono::milliseconds>(
      kSilentIntervals * std::min<std::chrono::milliseconds>(record.interval, kPeerSilence), kLeastSilence,
      kPeerSilence);
}

}  // namespace

std::chrono::milliseconds share_interval(std::size_t hosts, std::chrono::milliseconds least,
                                         std::chrono::milliseconds most) {
  constexpr std::chrono::milliseconds kEach{5};
  return std::min(most, std::max(least, kEach * static_cast<std::chrono::milliseconds::rep>(hosts)));
}

std::chrono::milliseconds idle_interval(std::size_t fleet) {
  constexpr std::chrono::milliseconds kEach{50};
  constexpr std::chrono::milliseconds kLeast{5000};
  constexpr std::chrono::milliseconds kMost = kPeerSilence / kSilentIntervals;
  return std::clamp(kEach * static_cast<std::chrono::milliseconds::rep>(std::min<std::size_t>(fleet, 1000)), kLeast,
                    kMost);
}

bool is_live(const SeenPeer& peer, WallTime now) {
  return now - std::min(peer.written, now) <= silence_of(peer.record);
}

Result<std::size_t> peers_on(Share& share) {
  TRY_ASSIGN(const auto names, share.list_cells(CellKind::peer));
  return names.size();
}

Result<std::vector<SeenPeer>> live_peers(Share& share, std::size_t limit, WallTime now) {
  TRY_ASSIGN(auto names, share.list_cells(CellKind::peer));
  if (limit > 0 && names.size() > limit) {
    static thread_local std::minstd_rand random{std::random_device{}()};
    std::shuffle(names.begin(), names.end(), random);
    names.resize(limit);
  }
  std::vector<SeenPeer> seen;
  for (const std::string& name : names) {
    const auto cell = share.read_cell(CellKind::peer, name);
    if (!cell || !*cell) {
      continue;
    }
    auto record = decode_peer((*cell)->bytes);
    const WallTime written = std::min((*cell)->written, now);
    const bool own_cell = record && record->id == name;  // one cell, one host
    if (SeenPeer peer; own_cell && is_live(peer = {*std::move(record), written}, now)) {
      seen.push_back(std::move(peer));
    }
  }
  return seen;
}

}  // namespace swarmout
