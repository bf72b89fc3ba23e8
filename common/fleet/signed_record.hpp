// Records that carry a signature of the fleet: everything that a leader writes on the share.
//
// The last line is "signed KEYID SIGNATURE", by Ed25519 over all bytes before it. They begin with the magic line, which
// says what kind of record it is, so that a signature of one kind is none for another.
// Text form: docs/formats/log-entry.md.

#pragma once

#include "common/base/result.hpp"
#include "common/release/signing.hpp"

#include <string>
#include <string_view>

namespace swarmout {

/// What a host that may lead signs with, and what it believes. Both outlive this.
struct FleetKeys {
  const Signer& signer;
  const TrustedKeys& trusted;
};

/// `text` and its last line. Errors: as Signer::sign_line().
[[nodiscard]] Result<std::string> signed_record(std::string text, const Signer& signer);

/// `record` without its last line, if it has one. Nothing is known of who wrote it.
[[nodiscard]] Result<std::string_view> text_of_record(std::string_view record);

/// The same, if a trusted key has signed it. Errors: refused.
[[nodiscard]] Result<std::string_view> verified_text(std::string_view record, const TrustedKeys& keys);

}  // namespace swarmout
