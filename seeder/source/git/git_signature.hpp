// What is signed of a commit or a tag, by whom it is said to be, and what gpgv says of it. No I/O; all of it is
// hostile.

#pragma once

#include "common/base/result.hpp"

#include <string>
#include <string_view>

namespace swarmout {

/// A detached OpenPGP signature, in armor, and the bytes that it is over.
struct SignedBytes {
  std::string payload;
  std::string signature;
};

/// Of a raw object, as `git cat-file` gives it: a commit without its signature's header, a tag up to its signature.
/// Errors: refused: it is not signed, with another kind of key (ssh, X.509), or in a way that can be understood twice.
[[nodiscard]] Result<SignedBytes> signed_commit(std::string_view raw, bool sha256_hashes);
[[nodiscard]] Result<SignedBytes> signed_tag(std::string_view raw);

/// What a tag object says.
struct TagFacts {
  std::string object;  ///< full hash
  std::string type;    ///< of that object
  std::string name;
};
/// Errors: refused.
[[nodiscard]] Result<TagFacts> facts_of_tag(std::string_view raw);

/// Who signed, for people: "key FINGERPRINT (NAME)", if gpgv's status lines (GnuPG's doc/DETAILS) are those of one good
/// signature, over the bytes that it was given, of a key that is neither expired nor revoked. Errors: refused, why not.
[[nodiscard]] Result<std::string> signer_in(std::string_view status_lines);

}  // namespace swarmout
