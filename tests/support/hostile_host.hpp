// A host of the swarm that speaks BitTorrent by hand, and not as it should.

#pragma once

#include "common/base/digest.hpp"
#include "common/base/endpoint.hpp"
#include "tests/support/tcp_server.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>

namespace swarmout::test {

enum class Hostility {
  stalls,      ///< says that it has everything, and answers no request; but it keeps the connection alive
  rejects,     ///< says that it has everything, and refuses each request
  corrupts,    ///< sends other bytes than were asked for
  falls_mute,  ///< sends half a block, and then nothing
};

/// Listens until it is destroyed.
class HostileHost {
public:
  HostileHost(Digest info_hash, Hostility how);

  [[nodiscard]] Endpoint endpoint() const;
  [[nodiscard]] int requests() const { return requests_; }
  /// All refused.
  [[nodiscard]] int hash_requests() const { return hash_requests_; }
  /// Connections that the other side ended after it had asked for something.
  [[nodiscard]] int left() const { return left_; }

private:
  void serve(int socket, const std::stop_token& stop);
  /// The number of requests.
  int talk(int socket, const std::stop_token& stop);
  bool answer(int socket, const std::string& request);

  std::string info_hash_;  ///< 20 bytes
  Hostility how_;
  std::atomic<int> requests_{0};
  std::atomic<int> hash_requests_{0};
  std::atomic<int> connections_{0};
  std::atomic<int> left_{0};
  std::unique_ptr<TcpServer> server_;
};

}  // namespace swarmout::test
