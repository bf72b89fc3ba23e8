// Which published release a person means.

#pragma once

#include "common/fleet/log_view.hpp"
#include "common/release/descriptor.hpp"
#include "common/release/signing.hpp"

#include <optional>
#include <string>

namespace swarmout {

/// Releases that are searched, back from the newest.
inline constexpr std::size_t kSearchedReleases = 1000;

/// In this order: "latest", the one that is current; a release number; a whole revision; what a release was asked for
/// as, a tag or branch (the newest of that name); the only revision that begins so, with at least four characters.
/// `older_than`: a revision or name that releases before this one have is one of theirs: who goes back from a bad
/// `main` does not mean the bad one. Believes only what one of `keys` has signed. Errors: not_found, naming what there
/// is; refused: what was named is not trusted.
[[nodiscard]] Result<SignedDescriptor> find_release(const LogView& log, const std::string& wanted,
                                                    const TrustedKeys& keys,
                                                    std::optional<Position> older_than = std::nullopt);

/// The newest release whose content is what `manifest` says. Nullopt: none of those, or nobody trusted has signed it.
[[nodiscard]] std::optional<SignedDescriptor> find_release_of(const LogView& log, const Digest& manifest,
                                                              const TrustedKeys& keys);

}  // namespace swarmout
