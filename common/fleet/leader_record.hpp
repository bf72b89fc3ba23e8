// What a leader says in cells of the share: its heartbeat, and what it has staged.

#pragma once

#include "common/base/endpoint.hpp"
#include "common/base/result.hpp"
#include "common/base/units.hpp"
#include "common/fleet/record_fields.hpp"
#include "common/release/descriptor.hpp"
#include "common/swarm/traffic.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace swarmout {

/// What a leader is at.
enum class Phase {
  resolving,
  exporting,
  sealing,
  staged,   ///< waits for peers to fetch it; then publishes
  seeding,  ///< published
  other,    ///< read from the record of a later version
};
/// As it is written in records, and shown.
[[nodiscard]] std::string_view name_of(Phase phase);
[[nodiscard]] Phase phase_of(std::string_view name);

struct HeartbeatInfo {
  std::uint64_t counter = 0;  ///< moves on with every beat; observers look at nothing else
  std::string host;
  Phase phase = Phase::resolving;
  std::uint64_t files = 0;
  Bytes read = 0;                    ///< content exported so far
  Bytes packed = 0;                  ///< compressed so far
  std::uint64_t copies = 0;          ///< peers that have all of what is staged
  std::uint64_t peers = 0;           ///< live peers
  std::optional<Endpoint> endpoint;  ///< of the leader's swarm session, once there is one
  std::optional<Endpoint> tracker;   ///< likewise
  Bytes offered = 0;                 ///< all files of what is staged
  double line_rate = 0;              ///< bytes a second its line carries, as far as known; else 0
  Traffic traffic;                   ///< written with at most kNamedHosts hosts
};

/// What a leader offers before it is published. The endpoint is here, not only in the heartbeat, so that nobody waits
/// for the next beat.
struct StagedRelease {
  SignedDescriptor release;
  Endpoint endpoint;
  std::optional<Endpoint> tracker{};  ///< the leader's, unless its port could not be had
};

[[nodiscard]] std::string encode(const StagedRelease& staged);
/// Checks the form, not the signature. Errors: refused.
[[nodiscard]] Result<StagedRelease> decode_staged(std::string_view bytes);
[[nodiscard]] std::string encode(const HeartbeatInfo& info);
[[nodiscard]] Result<HeartbeatInfo> decode_heartbeat(std::string_view bytes);
/// The heartbeat and stage cells of a claim.
[[nodiscard]] std::string claim_cell(Position claim, std::string_view owner);

}  // namespace swarmout
