// Which release a person means who holds one host: by preference one that is here.

#pragma once

#include "common/base/files.hpp"
#include "common/release/descriptor.hpp"
#include "common/release/signing.hpp"

#include <optional>
#include <string>
#include <vector>

namespace swarmout {

struct HostReleases {
  std::vector<SignedDescriptor>
      here;  ///< of which this host has, or had, all; the newest first; signed by a key of ours
  std::optional<SignedDescriptor> active;  ///< `current` leads to it
};
/// Makes nothing. Errors: not_found: no service has run with `state` and `dest`; what these fail with.
[[nodiscard]] Result<HostReleases> releases_of_host(const Path& state, const Path& dest, const TrustedKeys& keys);

/// `wanted`: as find_called() has it; empty: the one before what is active. Nothing: it is not here. Errors: not_found:
/// more than one is here whose revision begins so.
[[nodiscard]] Result<std::optional<SignedDescriptor>> release_of_host(const HostReleases& releases,
                                                                      const std::string& wanted);

}  // namespace swarmout
