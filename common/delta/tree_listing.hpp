// The names of a tree as one string: what a delta says of paths is the difference of two of them.
//
// Entries stand in the order of a walk: what is in a directory stands together, whatever its siblings are called. So a
// directory that was renamed or moved, with all that is in it, is one run of bytes that a match-finder finds.

#pragma once

#include "common/base/result.hpp"
#include "common/base/units.hpp"
#include "common/release/manifest.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

/// Of both sides of a delta together: about four million files each. Larger trees have no deltas.
inline constexpr Bytes kMaxListing = 60 * kMiB;

/// Together, of a listing that is read: below deep directories each name makes a path of up to 4,095 bytes.
inline constexpr Bytes kMaxListedPaths = 512 * kMiB;

/// Paths, kinds and targets; not contents.
[[nodiscard]] std::string encode_listing(const std::vector<Node>& nodes);

/// Sorted by path, without contents. Errors: refused: damaged, a path that is not inside the tree, or one twice.
[[nodiscard]] Result<std::vector<Node>> decode_listing(std::string_view listing);

}  // namespace swarmout
