// For programs that know nothing of swarmout: a file that they watch, and a link where they expect one.

#pragma once

#include "common/base/files.hpp"

namespace swarmout {

/// Gives `file` the time of now, and makes it if need be. Errors: cannot_write; temporary.
[[nodiscard]] Result<void> touch_file(const Path& file);

/// A further link to `dest`/current, so that both change at once: `link` as it is, or a name in `dest`. Cheap where it
/// is right. Errors: cannot_write: something that is no link stands there, which is left alone; as symlink(2).
[[nodiscard]] Result<void> keep_link(const Path& link, const Path& dest);

}  // namespace swarmout
