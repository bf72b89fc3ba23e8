#include "common/fleet/registry.hpp"

#include <algorithm>
#include <random>
#include <set>
#include <utility>

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

std::optional<SeenPeer> read_peer(Share& share, const std::string& name, WallTime now) {
  const auto cell = share.read_cell(CellKind::peer, name);
  if (!cell || !*cell) {
    return std::nullopt;
  }
  auto record = decode_peer((*cell)->bytes);
  if (!record || record->id != name) {  // one cell, one host
    return std::nullopt;
  }
  return SeenPeer{*std::move(record), std::min((*cell)->written, now)};
}

namespace {

std::vector<SeenPeer> read_peers(Share& share, const std::vector<std::string>& names, WallTime now) {
  std::vector<SeenPeer> seen;
  for (const std::string& name : names) {
    if (auto peer = read_peer(share, name, now)) {
      seen.push_back(*std::move(peer));
    }
  }
  return seen;
}

}  // namespace

Result<Roll> call_roll(Share& share, WallTime now) {
  TRY_ASSIGN(const auto names, share.list_cells(CellKind::peer));
  Roll roll;
  std::vector<SeenPeer> silent;
  for (SeenPeer& each : read_peers(share, names, now)) {
    (is_live(each, now) ? roll.live : silent).push_back(std::move(each));
  }
  std::sort(silent.begin(), silent.end(), [](const SeenPeer& a, const SeenPeer& b) { return a.written > b.written; });
  std::set<std::pair<std::string, std::string>> places;  // a service that was started again has another id
  for (const SeenPeer& each : roll.live) {
    places.emplace(each.record.host, each.record.endpoint.address);
  }
  for (SeenPeer& each : silent) {
    if (places.emplace(each.record.host, each.record.endpoint.address).second) {
      roll.silent.push_back(std::move(each));
    }
  }
  return roll;
}

Result<std::vector<SeenPeer>> live_peers(Share& share, std::size_t limit, WallTime now) {
  TRY_ASSIGN(auto names, share.list_cells(CellKind::peer));
  if (limit > 0 && names.size() > limit) {
    static thread_local std::minstd_rand random{std::random_device{}()};
    std::shuffle(names.begin(), names.end(), random);
    names.resize(limit);
  }
  std::vector<SeenPeer> seen = read_peers(share, names, now);
  std::erase_if(seen, [&](const SeenPeer& each) { return !is_live(each, now); });
  return seen;
}

}  // namespace swarmout
