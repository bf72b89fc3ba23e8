#include "seeder/serving.hpp"

#include <spdlog/spdlog.h>

namespace swarmout {

Result<Serving> open_serving(SwarmSettings swarm, std::uint16_t tracker_port, const InfoHash& release, Clock& clock) {
  swarm.role = SwarmRole::seeder;
  Serving serving;
  TRY_ASSIGN(serving.session, SwarmSession::open(swarm, clock));
  TrackerSettings settings;
  settings.listen_address = swarm.listen_address;
  settings.listen_port = tracker_port;
  auto tracker = TrackerServer::open(settings, clock);
  if (tracker) {
    serving.tracker = *std::move(tracker);
    serving.tracker->serve(swarm_key(release), serving.session->endpoint());
  } else {
    spdlog::warn("hosts find each other by the share only: {}", to_string(tracker.error()));
  }
  return serving;
}

}  // namespace swarmout
