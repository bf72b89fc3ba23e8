// Whom a git revision must be signed by, to be published: OpenPGP keys of a keyring that the administrator gives, and
// nothing that the caller's gpg or git trusts. gpgv checks, in an empty home directory.

#pragma once

#include "seeder/source/git/git_mirror.hpp"

#include <stop_token>
#include <string>

namespace swarmout {

/// Which object must be signed.
enum class GitSigned {
  nothing,
  commit,
  tag,  ///< an annotated tag, that the revision is given as
};
struct GitTrust {
  GitSigned what = GitSigned::nothing;
  Path keyring{};  ///< as `gpg --export` writes it, without armor
};

/// Errors: usage: one of the two is missing, or the keyring is armored; not_found, temporary: it cannot be read.
[[nodiscard]] Result<void> check_trust(const GitTrust& trust);

/// Who signed the commit, or the tag `name`, which must be of this commit: "commit 1a2b… is signed by key …". The
/// commit is brought into the mirror if need be, which is in use. Errors: refused: nobody of the keyring did; failed:
/// gpgv cannot be started; those of the mirror.
[[nodiscard]] Result<std::string> signer_of(GitMirror& mirror, const GitTrust& trust, const std::string& name,
                                            const std::string& commit, const Path& state, std::stop_token stop);

}  // namespace swarmout
