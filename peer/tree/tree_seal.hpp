// The last look at a tree before it becomes a release: is it what was written, all of it and nothing else?
//
// What somebody has done to it while it was made is found out here: files whose stamp (tree_stamps.hpp) is another than
// when they were written, or kept, are read again.

#pragma once

#include "common/base/files.hpp"
#include "common/release/manifest.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace swarmout {

/// `made`: stamps by node, of the moment when each was written; 0: not known. `kept`: as KeptNodes has it; of what was
/// only believed the stamps must be these. Gives those of now, 0 for what was changed so lately that the next change
/// might not show. Uses several threads. Errors: temporary: the tree at `root`
/// is not what `manifest` says, since somebody works in it.
[[nodiscard]] Result<std::vector<std::uint64_t>> seal_tree(const Manifest& manifest, const Path& root,
                                                           std::span<const std::uint64_t> made,
                                                           std::span<const char> kept);

}  // namespace swarmout
