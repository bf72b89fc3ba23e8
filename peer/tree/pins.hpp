// Pins: who works in a tree keeps it, for as long as he works.
//
// A pin is a shared flock(2) on an open descriptor of the tree's root directory: nothing is stored, whoever may read
// the tree may pin it, a child inherits it with the descriptor, and it is gone when the last process that has it is
// gone, however that ended. Whoever would remove, move or change a tree takes the exclusive lock first, and leaves it
// alone if somebody has a pin. Why so: docs/decisions/0057-a-pin-is-a-lock-on-the-tree.md.

#pragma once

#include "common/base/files.hpp"

#include <optional>

namespace swarmout {

/// While one lives, in this process or in one that inherited its descriptor, the tree stays as it is.
class Pin {
public:
  explicit Pin(Fd directory) : directory_(std::move(directory)) {}
  /// Of the tree; O_CLOEXEC, so that only who clears that hands it on.
  [[nodiscard]] int descriptor() const { return directory_.get(); }

private:
  Fd directory_;
};

/// Nullopt: there is no such directory (any more), or it is on its way out; look again what there is. Never waits.
/// Errors: as open(2) and flock(2) have them: no permission, or a file system without locks.
[[nodiscard]] Result<std::optional<Pin>> pin_tree(const Path& path);

/// For whoever would remove, move or change the tree: while the descriptor lives, nobody can pin it. Nullopt: somebody
/// has a pin, or it is not there. Errors: likewise.
[[nodiscard]] Result<std::optional<Fd>> try_unpinned(const Path& path);

}  // namespace swarmout
