// The HTTP tracker: where hosts of a swarm that have never heard of each other meet (BEP 3, 7, 23, 48).
//
// Boost.Beast stays behind this class. One thread of its own serves all connections; each has a deadline, and their
// number is limited, in all and for each address.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/endpoint.hpp"
#include "common/base/result.hpp"
#include "common/swarm/tracker/tracker_store.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace swarmout {

struct TrackerSettings {
  std::string listen_address = "127.0.0.1";
  std::uint16_t listen_port = 0;  ///< 0: any free port
  std::size_t most_connections = 512;
  std::size_t most_of_an_address = 64;
  std::chrono::milliseconds patience{5000};  ///< for a request to come in, and for its answer to go out
  TrackerRules rules;
};

class TrackerServer {
public:
  /// Listens and answers, with failures until serve() is called. Errors: temporary, if the port cannot be had.
  [[nodiscard]] static Result<std::unique_ptr<TrackerServer>> open(const TrackerSettings& settings, Clock& clock);
  ~TrackerServer();
  TrackerServer(const TrackerServer&) = delete;
  TrackerServer& operator=(const TrackerServer&) = delete;

  [[nodiscard]] Endpoint endpoint() const;
  /// Any thread. Hosts of this swarm are told of each other and of `seeder`; no other swarm is tracked.
  void serve(const SwarmKey& swarm, const Endpoint& seeder);

private:
  class Listener;
  explicit TrackerServer(std::unique_ptr<Listener> listener);
  std::unique_ptr<Listener> listener_;
};

}  // namespace swarmout
