// What only one user of a host may touch: keys, state, locks.

#pragma once

#include "common/base/files.hpp"

#include <optional>

namespace swarmout {

/// Errors: cannot_write: others than its owner may read or write it. A missing file is left to who reads it.
[[nodiscard]] Result<void> check_private(const Path& file);

/// A secret that systemd has handed to this unit by that name (LoadCredential=, see systemd.exec(5)): its file.
/// Nothing: it has not.
[[nodiscard]] std::optional<Path> handed_credential(const std::string& name);

/// `quiet` is for what is below a state directory: it belongs to whom that belongs, also when root makes it.
enum class Closing { said, quiet };
/// Makes it, with its parents, and nobody but its owner enters it: one that was open to others is closed, and that is
/// said. Errors: cannot_write: it belongs to another user, who can do with it what he wants.
[[nodiscard]] Result<void> make_private_directory(const Path& path, Closing closing = Closing::said);

/// Takes flock(2) on a file, which is made if need be, until the descriptor goes. Nullopt: another process holds it.
/// A file that others could have opened is no lock, since whoever has it open can hold it: it is made anew, and said.
enum class LockKind { exclusive, shared };
[[nodiscard]] Result<std::optional<Fd>> try_lock(const Path& path, LockKind kind = LockKind::exclusive);

}  // namespace swarmout
