// The leader's side of the swarm: the session that serves a release, and the tracker at which its hosts meet.

#pragma once

#include "common/base/clock.hpp"
#include "common/swarm/swarm_session.hpp"
#include "common/swarm/tracker/tracker_server.hpp"

#include <memory>
#include <optional>

namespace swarmout {

struct Serving {
  std::unique_ptr<SwarmSession> session;
  std::unique_ptr<TrackerServer> tracker;  ///< none if its port could not be had: there are other ways to peers

  [[nodiscard]] std::optional<Endpoint> tracker_endpoint() const {
    return tracker ? std::optional(tracker->endpoint()) : std::nullopt;
  }
};

/// Opens both on the address of `swarm`; the release is still to be added to the session. `tracker_port` 0: any.
[[nodiscard]] Result<Serving> open_serving(SwarmSettings swarm, std::uint16_t tracker_port, const InfoHash& release,
                                           Clock& clock);

}  // namespace swarmout
