// A successor goes on with what the leader before it had staged, if this host has all of it: the source is not asked
// for it a second time, and peers go on in the same swarm.

#pragma once

#include "common/fleet/log_view.hpp"
#include "common/release/signing.hpp"
#include "common/release/store.hpp"
#include "common/share/share.hpp"
#include "seeder/sealed_release.hpp"

#include <optional>
#include <stop_token>
#include <string>

namespace swarmout {

/// What the leaders right before `claim`, who wrote neither COMMIT nor ABANDON, had staged last: with a good signature
/// of a key of ours, and its torrent still on the share. To be asked for before the share is tidied up.
[[nodiscard]] std::optional<SealedRelease> left_behind(Share& share, const LogView& log, Position claim,
                                                       const TrustedKeys& keys);

/// A published release, to be published again under another number. Nothing, if its torrent is not on the share.
[[nodiscard]] std::optional<SealedRelease> as_sealed(Share& share, const SignedDescriptor& release);

/// What a leader is to publish.
struct Job {
  std::string revision;
  std::string source;  ///< without credentials
  Position position;   ///< of the COMMIT to come
  RateLimits clone_limits{};
  std::string certificate{};  ///< of the swarm, in PEM; empty: in the clear
};

/// What was staged, as a release of ours. Nothing, if it is something else, or if some of it is not in the store: every
/// byte is read and hashed, because this host may soon be the only one that has it. Errors: the signer's.
[[nodiscard]] Result<std::optional<SealedRelease>> adopt(const SealedRelease& staged, const Job& job, Store& store,
                                                         const Signer& signer, const std::stop_token& stop = {});

}  // namespace swarmout
