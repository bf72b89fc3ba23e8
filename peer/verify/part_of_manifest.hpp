// A few files of a release as a manifest of their own, and which bytes of which packs they need.

#pragma once

#include "common/release/manifest.hpp"
#include "common/swarm/release_content.hpp"

#include <cstdint>
#include <vector>

namespace swarmout {

/// `manifest` with these of its nodes alone, and the directories that lead there.
[[nodiscard]] Manifest part_of(const Manifest& manifest, const std::vector<std::uint32_t>& nodes);

/// What must be there of each pack to unpack the files of `part`: whole frames, and the pack's header.
[[nodiscard]] FileRanges ranges_for(const Manifest& part);

}  // namespace swarmout
