// Makes a tree that nobody uses any more into another one, in place: only what differs is touched.
//
// A file whose content is to stay is kept if its stamp says that nobody has touched it since it was made, or else if
// its bytes have the right digests. Everything else is removed, and made by whoever makes the rest of the new tree:
// nothing is ever written into a file that is there, since it may have another name, or somebody may have it open.
// Everything is relative to open directories, and no link is followed.
//
// Somebody may be changing the tree meanwhile: seal_tree() looks at what came of it.

#pragma once

#include "peer/tree/old_trees.hpp"

#include <vector>

namespace swarmout {

/// By node of the new manifest; of directories nothing.
struct KeptNodes {
  static constexpr char kBelieved = 2;
  std::vector<char> kept;             ///< it is there already, or believed to be (char: written by several threads)
  std::vector<std::uint64_t> stamps;  ///< of the files that are
};

/// Makes of what is at `root` as much of `manifest` as it has: all directories, and files and links that are right.
/// Nothing else stays there, or nothing else that was in the old tree, where that is believed. Files that are not the
/// same in `previous` (may be null) get the time of now, so that make(1) sees that they have changed. Uses several
/// threads. Errors: cannot_write, not_found: what is there now is neither the old tree nor the new one.
[[nodiscard]] Result<KeptNodes> renew_tree(const Manifest& manifest, const Path& root, const OldTree& old,
                                           const PreviousTree* previous);

/// Removes all that is in `root`, which becomes a directory as one that is made anew. Errors: cannot_write.
[[nodiscard]] Result<void> empty_tree(const Path& root, const DirectoryLook& look);

}  // namespace swarmout
