// The release that a new one is packed against: the newest whose packs are all on this host.

#pragma once

#include "common/manifest.hpp"
#include "common/store.hpp"

#include <optional>

namespace swarmout {

struct Basis {
  Position position;
  Manifest manifest;
};

/// Nullopt if there is none; then everything is packed anew, which costs time and traffic but is never wrong.
[[nodiscard]] std::optional<Basis> newest_basis(Store& store);

}  // namespace swarmout
