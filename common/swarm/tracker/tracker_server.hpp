// The HTTP tracker: where hosts of a swarm that have never heard of each other meet (BEP 3, 7, 23, 48).

#pragma once

#include "common/base/clock.hpp"
#include "common/base/endpoint.hpp"
#include "common/base/net/http_server.hpp"
#include "common/base/result.hpp"
#include "common/swarm/tracker/tracker_store.hpp"

#include <memory>
#include <mutex>

namespace swarmout {

struct TrackerSettings : HttpSettings {
  TrackerRules rules;
};

class TrackerServer {
public:
  /// Listens and answers, with failures until serve() is called. Errors: temporary, if the port cannot be had.
  [[nodiscard]] static Result<std::unique_ptr<TrackerServer>> open(const TrackerSettings& settings, Clock& clock);
  TrackerServer(const TrackerServer&) = delete;
  TrackerServer& operator=(const TrackerServer&) = delete;

  [[nodiscard]] Endpoint endpoint() const { return http_->endpoint(); }
  /// Any thread. Hosts of this swarm are told of each other and of `seeder`; no other swarm is tracked.
  void serve(const SwarmKey& swarm, const Endpoint& seeder);
  /// Any thread. Hosts that have announced that they have it all, without the seeder.
  [[nodiscard]] std::set<CompactPeer> whole(const SwarmKey& swarm);

private:
  TrackerServer(const TrackerRules& rules, Clock& clock);

  Clock& clock_;
  std::mutex mutex_;
  TrackerStore store_;
  std::unique_ptr<HttpServer> http_;  ///< its thread uses the members above
};

}  // namespace swarmout
