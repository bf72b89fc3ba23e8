// This host's record on the share, and the other hosts' records as peers to connect to.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/peer_record.hpp"
#include "common/share/share.hpp"
#include "common/swarm/swarm_session.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace swarmout {

/// One thread. The id is random: clones have nothing else that tells them apart.
class Presence {
public:
  Presence(Share& share, Clock& clock, const Endpoint& endpoint);
  /// Takes the record off the share.
  ~Presence();
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;

  /// Writes `now` if it says something new of importance, every two seconds while `busy`, and every
  /// idle_interval() otherwise.
  /// What identifies this host is filled in here. Errors: as Share::write_cell; nothing is lost but the news.
  [[nodiscard]] Result<void> tell(PeerRecord now, bool busy);

  /// Endpoints of live peers, at most kPeersAtOnce, chosen at random, without our own. A record names one endpoint: one
  /// that names another than before, which no host does, is left out.
  [[nodiscard]] Result<std::vector<Endpoint>> others();

  /// How many hosts have a record on the share, ourselves included; counted anew every half minute. 1 if unknown.
  [[nodiscard]] std::size_t fleet();

private:
  Share& share_;
  Clock& clock_;
  PeerRecord last_;
  MonotonicTime written_{};
  std::size_t fleet_ = 1;
  MonotonicTime counted_{};
  std::map<std::string, Endpoint> named_;  ///< by the id of a record, what it named first
};

/// Peers looked up at once, ourselves perhaps included. Some may be gone.
inline constexpr std::size_t kPeersAtOnce = kPeersToBegin + 1;
/// How often the swarm is told of others while something is fetched.
inline constexpr std::chrono::seconds kConnectEvery{2};

}  // namespace swarmout
