// Packed content in, a release that can be staged out: manifest, torrent, descriptor, with everything in the store; and
// signed.

#pragma once

#include "common/pack/packer.hpp"
#include "common/release/signing.hpp"
#include "common/release/store.hpp"
#include "seeder/sealed_release.hpp"

namespace swarmout {

struct SealInput {
  PackedRelease packed;
  Position position;     ///< of the COMMIT to come
  Position basis;        ///< 0: none
  std::string revision;  ///< empty: to be named by content, "t-" and 16 hexadecimal digits
  std::string source;
  std::string created;
  RateLimits clone_limits{};
  std::string certificate{};  ///< of the swarm, in PEM; empty: in the clear
  std::string asked{};        ///< what `revision` was asked for as; empty: what the source's own #ref says
};

/// Errors: cannot_write; refused.
[[nodiscard]] Result<Draft> draft(SealInput input, Store& store);

/// Signs it, with the delta that it is offered with. Errors: the signer's.
[[nodiscard]] Result<SealedRelease> seal(Draft draft, std::optional<ReleaseDelta> delta, const Signer& signer);
/// Without a delta.
[[nodiscard]] Result<SealedRelease> seal(SealInput input, Store& store, const Signer& signer);

}  // namespace swarmout
