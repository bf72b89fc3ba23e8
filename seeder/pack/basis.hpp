// The release that a new one is packed against: the newest whose packs are all on this host.

#pragma once

#include "common/base/clock.hpp"
#include "common/release/manifest.hpp"
#include "common/release/store.hpp"

#include <optional>

namespace swarmout {

struct Basis {
  Position position;
  Manifest manifest;
};

/// The manifest of a release whose packs are all in the store. They are read, not only looked at: this host may soon be
/// the only one that has them. Errors: not_found; refused.
[[nodiscard]] Result<Manifest> whole_manifest(Store& store, const Descriptor& release);

/// Packs that were read within a day are only looked at (pack_checks.hpp). Nullopt if there is none; then everything is
/// packed anew, which costs time and traffic but is never wrong.
[[nodiscard]] std::optional<Basis> newest_basis(Store& store, WallTime now = system_clock().wall());

}  // namespace swarmout
