// What a host that may lead signs with, and what it trusts.

#pragma once

#include "common/release/signing.hpp"

#include <memory>

namespace swarmout {

/// Where the secret half of the key is.
struct SigningSource {
  Path keys;  ///< the keys directory
};

struct LeaderKeys {
  std::unique_ptr<Signer> signer;
  TrustedKeys trusted;  ///< the signer's is among them
};

/// Errors: usage: this host may not lead, it has no secret key; refused: a key is damaged, or the one that would sign
/// is not among the trusted; cannot_write: the secret one can be read by others; not_found: there is no public key.
[[nodiscard]] Result<LeaderKeys> load_leader_keys(const SigningSource& source);

}  // namespace swarmout
