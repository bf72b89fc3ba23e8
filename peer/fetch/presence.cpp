#include "peer/fetch/presence.hpp"

#include "common/base/digest.hpp"
#include "common/base/host.hpp"
#include "common/fleet/log_entry.hpp"
#include "common/fleet/peer_record.hpp"
#include "common/fleet/registry.hpp"

#include <algorithm>

namespace swarmout {

namespace {

constexpr std::chrono::seconds kBusyEvery{2};
constexpr std::chrono::seconds kCountEvery{30};
constexpr std::size_t kMostRecords = 20'000;  ///< above the largest fleet

}  // namespace

Presence::Presence(Share& share, Clock& clock, const Endpoint& endpoint) : share_(share), clock_(clock) {
  last_.id = random_nonce_hex().substr(0, 16);
  last_.host = host_name();
  last_.endpoint = endpoint;
}

Presence::~Presence() {
  if (written_ != MonotonicTime{}) {
    [[maybe_unused]] const auto gone = share_.remove_cell(CellKind::peer, last_.id);  // else it ages away
  }
}

Result<void> Presence::tell(PeerRecord now, bool busy) {
  now.id = last_.id;
  now.host = last_.host;
  now.endpoint = last_.endpoint;
  now.counter = last_.counter + 1;
  const bool news = now.active != last_.active || now.complete != last_.complete || now.target != last_.target ||
                    now.trouble != last_.trouble || now.active_hash != last_.active_hash || now.holds != last_.holds ||
                    now.held_back != last_.held_back || now.passing != last_.passing || now.job != last_.job;
  if (written_ == MonotonicTime{}) {
    [[maybe_unused]] const std::size_t counted = fleet();
  }
  now.interval = busy ? kBusyEvery : idle_interval(fleet_);
  // What was announced is kept, also by one that has become idle since.
  const bool due = clock_.now() - written_ >= std::min(now.interval, last_.interval);
  if (!news && !due && written_ != MonotonicTime{}) {
    return {};
  }
  TRY(share_.write_cell(CellKind::peer, now.id, encode(now)));
  last_ = std::move(now);
  written_ = clock_.now();
  return {};
}

Result<std::vector<Endpoint>> Presence::others() {
  // Our own record's time is one by the share's clock, which costs less to read than the clock itself.
  const auto own = share_.read_cell(CellKind::peer, last_.id);
  const auto now = own && *own ? Result<WallTime>((*own)->written) : share_.now();
  TRY(now);
  TRY_ASSIGN(const auto peers, live_peers(share_, kPeersAtOnce, *now));
  std::vector<Endpoint> endpoints;
  for (const SeenPeer& peer : peers) {
    if (named_.size() >= kMostRecords && !named_.contains(peer.record.id)) {
      named_.clear();
    }
    const auto& [id, endpoint] = *named_.emplace(peer.record.id, peer.record.endpoint).first;
    if (id != last_.id && endpoint == peer.record.endpoint) {
      endpoints.push_back(endpoint);
    }
  }
  return endpoints;
}

std::size_t Presence::fleet() {
  if (counted_ == MonotonicTime{} || clock_.now() - counted_ >= kCountEvery) {
    counted_ = clock_.now();
    if (const auto peers = peers_on(share_)) {
      fleet_ = std::max<std::size_t>(*peers, 1);
    }
  }
  return fleet_;
}

}  // namespace swarmout
