// Which COMMITs this host believes.

#pragma once

#include "common/fleet/log_entry.hpp"
#include "common/release/descriptor.hpp"
#include "common/release/signing.hpp"

namespace swarmout {

/// The signed descriptor of a COMMIT. Errors: refused: a bad signature, or one for another position or revision than
/// the entry says, which nobody signed.
[[nodiscard]] Result<SignedDescriptor> trusted(const LogEntry& commit, const TrustedKeys& keys);

}  // namespace swarmout
