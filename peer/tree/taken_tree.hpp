// Takes a whole tree that nobody uses any more to where a new one is made, to be renewed there (renewal.hpp).
//
// At each step of it a crash, also of the machine, leaves what tidy() removes: a tree that is no release any more.

#pragma once

#include "peer/tree/old_trees.hpp"
#include "peer/tree/release_trees.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace swarmout {

struct TakenTree {
  std::string name;  ///< that it had
  Digest manifest;   ///< what it is
  DirectoryLook look{};
  Bytes bytes = 0;  ///< that it takes
  std::uint64_t inodes = 0;
};

/// `old` in the place of the empty tree that ReleaseTrees::begin() has just made at `begun`. Nullopt: somebody works in
/// it, or it is current, or gone: the empty tree is there. `no_pin_comes` (Store::lock_pins) is let go of once it is
/// out of sight. Errors: cannot_write, likewise.
[[nodiscard]] Result<std::optional<TakenTree>> take_tree(const ReleaseTrees& trees, const TreeRecord& old,
                                                         const Path& begun, Fd no_pin_comes);

}  // namespace swarmout
