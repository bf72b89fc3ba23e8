// The leader's side of the swarm: the session that serves a release, the tracker at which its hosts meet, and how far
// it has spread while they do.

#pragma once

#include "common/release/descriptor.hpp"
#include "common/swarm/swarm_session.hpp"
#include "common/swarm/tracker/tracker_server.hpp"
#include "seeder/epoch.hpp"
#include "seeder/spread.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace swarmout {

struct Serving {
  std::unique_ptr<SwarmSession> session;
  std::unique_ptr<TrackerServer> tracker;  ///< none if its port could not be had: there are other ways to peers

  [[nodiscard]] std::optional<Endpoint> tracker_endpoint() const {
    return tracker ? std::optional(tracker->endpoint()) : std::nullopt;
  }
  /// Of `holders`, hosts whose records say that they have all of it, those that said so themselves: on a connection to
  /// us, or to our tracker. What others say there, strangers for example, counts for nothing.
  [[nodiscard]] std::size_t witnessed(const InfoHash& release, const std::vector<Endpoint>& holders) const;
};

/// Opens both on the address of the epoch's options, and tells where they are; the torrents, of the release and of its
/// delta, are still to be added to the session. Errors: temporary: the address or port of the session cannot be had.
[[nodiscard]] Result<Serving> open_serving(const Epoch& epoch, const std::vector<InfoHash>& torrents);

/// Serves one release, and counts who has it.
class Audience {
public:
  using Enough = std::function<bool(const Spread&)>;

  /// All of it outlives this.
  Audience(const Epoch& epoch, const Serving& serving, const Descriptor& release)
      : epoch_(epoch), serving_(serving), release_(release) {}

  /// Until the live peers' records are `enough` (true) or `limit` has passed (false). Errors: temporary: stopped; what
  /// the session failed with.
  [[nodiscard]] Result<bool> serve_until(const Enough& enough, std::chrono::milliseconds limit);
  /// Until every live peer is on it and enough of them were met, --linger has passed, or somebody wants us to stop.
  [[nodiscard]] Result<void> linger();

  /// As it was seen last.
  [[nodiscard]] const Spread& spread() const { return spread_; }
  [[nodiscard]] TransferReport transfer() const { return serving_.session->transfer(release_.info_hash); }
  /// What this host can send: what it may, or what it was seen to.
  [[nodiscard]] double line_rate(const TransferReport& transfer) const;

private:
  void count();
  [[nodiscard]] Result<void> keep_serving(std::chrono::milliseconds patience);

  const Epoch& epoch_;
  const Serving& serving_;
  const Descriptor& release_;
  Spread spread_;
  bool counted_ = false;  ///< the records could be read
};

/// Peers that were away when it was published need somebody to fetch from, and that run is over. Serves a release if
/// this host has it whole and some live peer is not on it.
[[nodiscard]] Result<void> serve_again(const Epoch& epoch, const Descriptor& release);

}  // namespace swarmout
