// Files of a keys directory: whole or not there, on the disk, with the mode that they shall have whatever the umask.

#pragma once

#include "common/base/files.hpp"

namespace swarmout {

enum class Existing { keep, replace };

/// True: written. False: with `keep`, there was one, which may be of somebody who did the same at the same moment.
/// Flushed. Errors: cannot_write; temporary.
[[nodiscard]] Result<bool> put_key_file(const Path& path, std::string_view text, unsigned mode, Existing existing);

/// One change of the directory at a time: waits for others, but not for ever, since whoever may read it can hold the
/// lock. All that is done under it is safe without it, too; it only keeps two who do the same out of each other's way.
[[nodiscard]] Fd lock_keys(const Path& directory);

}  // namespace swarmout
