// Removal of trees, which never leaves them.

#pragma once

#include "common/base/files.hpp"

namespace swarmout {

/// Removes `path` and all below it, at any depth, by descriptor: links are removed and not followed, and what is
/// mounted is neither entered nor emptied. Directories in it that their owner may not change are opened to him first.
/// Links in the parents of `path` are followed. A missing path is no error.
///
/// Errors: cannot_write, naming the place: something is mounted at `path` or below it. Nothing is removed then, unless
/// it was mounted while this ran.
[[nodiscard]] Result<void> remove_tree(const Path& path);

/// The same of `name` in an open directory, which is opened to its owner, too. `path` is where that is: messages name
/// it, and it decides which mounts are looked for before anything is removed.
[[nodiscard]] Result<void> remove_in(int parent, const std::string& name, const Path& path);

}  // namespace swarmout
