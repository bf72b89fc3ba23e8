// Removal of trees, which never leaves them.

#pragma once

#include "common/base/files.hpp"

namespace swarmout {

/// Removes `path` and all below it, at any depth, by descriptor: links are removed and not followed, and what is
/// mounted is neither entered nor emptied. Links in the parents of `path` are followed. A missing path is no error.
///
/// Errors: cannot_write, naming the place: something is mounted at `path` or below it. Nothing is removed then, unless
/// it was mounted while this ran.
[[nodiscard]] Result<void> remove_tree(const Path& path);

}  // namespace swarmout
