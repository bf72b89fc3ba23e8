// A manifest as a tree of directories: what is in each.

#pragma once

#include "common/release/manifest.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace swarmout {

struct FolderNodes {
  std::string_view path;             ///< of the manifest; empty: the root
  std::vector<std::uint32_t> nodes;  ///< what is in it, by name
};

/// The root first, and each before those below it. `manifest` must outlive it.
[[nodiscard]] std::vector<FolderNodes> folders_of(const Manifest& manifest);

/// The node with this name in `folder`.
[[nodiscard]] std::optional<std::uint32_t> node_in(const Manifest& manifest, const FolderNodes& folder,
                                                   std::string_view name);

}  // namespace swarmout
