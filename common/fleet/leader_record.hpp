// What a leader says in cells of the share: its heartbeat, and what it has staged. Signed, with the claim that it is
// said under, so that neither is anything under another one.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/endpoint.hpp"
#include "common/base/result.hpp"
#include "common/base/units.hpp"
#include "common/fleet/record_fields.hpp"
#include "common/fleet/signed_record.hpp"
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

/// Whose cells these are.
struct ClaimId {
  Position position;
  std::string owner;  ///< of the CLAIM
  bool operator==(const ClaimId&) const = default;
};

struct HeartbeatInfo {
  ClaimId claim;
  std::uint64_t counter = 0;  ///< moves on with every beat: what observers look at
  WallTime time{};            ///< of the beat, by the share's clock as the leader knows it, in seconds
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
  ClaimId claim;
  SignedDescriptor release;
  Endpoint endpoint;
  std::optional<Endpoint> tracker{};  ///< the leader's, unless its port could not be had
};

/// A deputy's place at a claim.
struct DeputySeat {
  ClaimId claim;
  std::uint64_t number = 0;
  std::string host;
};

// Errors of these: as Signer::sign_line().
[[nodiscard]] Result<std::string> encode(const StagedRelease& staged, const Signer& signer);
[[nodiscard]] Result<std::string> encode(const HeartbeatInfo& info, const Signer& signer);
[[nodiscard]] Result<std::string> encode(const DeputySeat& seat, const Signer& signer);

// Errors of these: refused: no trusted key has signed it, or not for this claim (this seat of it).
/// The descriptor's own signature, which stays with a release, is not checked here.
[[nodiscard]] Result<StagedRelease> decode_staged(std::string_view bytes, const ClaimId& claim,
                                                  const TrustedKeys& keys);
[[nodiscard]] Result<HeartbeatInfo> decode_heartbeat(std::string_view bytes, const ClaimId& claim,
                                                     const TrustedKeys& keys);
[[nodiscard]] Result<void> check_seat(std::string_view bytes, const DeputySeat& seat, const TrustedKeys& keys);

/// The heartbeat and stage cells of a claim.
[[nodiscard]] std::string claim_cell(Position claim, std::string_view owner);
[[nodiscard]] inline std::string claim_cell(const ClaimId& claim) {
  return claim_cell(claim.position, claim.owner);
}

}  // namespace swarmout
