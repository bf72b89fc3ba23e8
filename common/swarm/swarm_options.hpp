// How a host takes part in the swarm: values, and what was measured for them.

#pragma once

#include "common/base/net/address_set.hpp"
#include "common/base/units.hpp"
#include "common/swarm/swarm_certificate.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace swarmout {

enum class SwarmRole {
  seeder,  ///< serves many hosts at once: deep queues, many connections
  clone,   ///< fetches, and passes on
};

/// A host with fewer connections for a release looks for more; all accept more. Two random hosts of any fleet are then
/// few steps apart. Each more makes every piece's HAVE one message more: 50 hosts with 50 connections each took 1.17
/// times as long as sending the bytes once, and 1.12 with 24.
inline constexpr std::size_t kFewConnections = 12;
/// Peers that a release is begun with, beside the leader, and how many its tracker is asked for. As many hosts again
/// connect by themselves.
inline constexpr std::size_t kPeersToBegin = 6;
inline constexpr int kPeersFromTracker = 4;

/// DSCP "lower effort" (RFC 8622): where the network knows it, other traffic goes first.
inline constexpr int kLowerEffort = 1;

struct SwarmSettings {
  SwarmRole role = SwarmRole::clone;
  std::string listen_address = "127.0.0.1";  ///< numeric; one interface
  std::uint16_t listen_port = 0;             ///< 0: any free port
  int max_connections = 0;                   ///< of the session, and so of each release; 0: by role
  int connections_per_address = 0;           ///< of each release, with hosts at one address; 0: as there is room
  std::optional<AddressSet> allow{};         ///< talk to no others; see dial_rules.hpp
  RateLimits limits;                         ///< for all releases and all peers together, wherever these are
  int dscp = kLowerEffort;                   ///< of what is sent to peers: 0 to 63
  /// Then all is exchanged over TLS, and only releases that were made for this certificate. Else only in the clear.
  std::optional<SwarmCertificate> certificate{};
  bool mapped_files = false;  ///< for measurements only: a file cut short under a mapping kills the process
};

}  // namespace swarmout
