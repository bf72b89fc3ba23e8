// Whom this host's session knows of a release: hosts with a record on the share, the leader, and the leader's tracker.

#pragma once

#include "common/base/clock.hpp"
#include "common/swarm/swarm_session.hpp"
#include "peer/fetch/follow.hpp"
#include "peer/fetch/presence.hpp"

#include <functional>
#include <optional>
#include <vector>

namespace swarmout {

/// One thread.
class Contacts {
public:
  /// `complain` is told when the share cannot be read; what was known goes on.
  Contacts(SwarmSession& session, Presence& presence, Clock& clock, std::function<void(const Error&)> complain);

  /// Live hosts, some of them, and the leader.
  [[nodiscard]] std::vector<Endpoint> peers(const Wanted& wanted);
  [[nodiscard]] static std::vector<Endpoint> trackers(const Wanted& wanted);

  /// `shown`, which is fetched or served now, is announced to the tracker that was named last: one that is not named
  /// any more may just not be readable now. Older releases are announced to none.
  void announce(const InfoHash& shown, const Wanted& wanted);

  /// More peers for what is being fetched, from time to time, as long as it has few; a leader that was not known before
  /// at once.
  void connect(const InfoHash& fetched, const Wanted& wanted);

private:
  SwarmSession& session_;
  Presence& presence_;
  Clock& clock_;
  std::function<void(const Error&)> complain_;
  std::optional<InfoHash> announced_;
  std::optional<Endpoint> leader_;  ///< that the session was told of last
  MonotonicTime next_connect_{};
};

}  // namespace swarmout
