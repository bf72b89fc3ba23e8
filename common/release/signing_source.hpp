// What a host that may lead signs with, and what it trusts.

#pragma once

#include "common/release/signing.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace swarmout {

/// A command that has not answered by then is ended: the run has failed, and no heartbeat waits for it any longer.
/// Agents and modules answer within milliseconds, over a network within a second.
inline constexpr std::chrono::milliseconds kSignPatience{10'000};

/// Where the secret half of the key is.
struct SigningSource {
  Path keys;              ///< the keys directory
  std::string command{};  ///< signs instead of the key file there; empty: none
  /// Makes what the command printed fit for a message.
  std::function<std::string(std::string_view)> quoted{};
  std::chrono::milliseconds patience = kSignPatience;
};

struct LeaderKeys {
  std::unique_ptr<Signer> signer;
  TrustedKeys trusted;  ///< the signer's is among them
};

/// A command is run with /bin/sh, as that of `tar:` is, once for each signature. It gets the bytes on standard input,
/// and nothing of them anywhere else, and prints the 64 bytes of their Ed25519 signature in base64. Which of the
/// trusted keys it has is found out by asking it once. What it prints is verified each time.
///
/// Errors: usage: this host may not lead, it has no secret key; refused: a key is damaged, or the one that would sign
/// is not among the trusted; cannot_write: the secret one can be read by others; not_found: there is no public key.
/// Those of a command, then and at every signature: failed, with its last words; refused: what it prints is no
/// signature; temporary: it does not answer.
[[nodiscard]] Result<LeaderKeys> load_leader_keys(const SigningSource& source);

}  // namespace swarmout
