// What the parts of a share that is a directory have in common about its files.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/files.hpp"

#include <sys/stat.h>

#include <functional>

namespace swarmout {

/// Network file systems answer "not found" when nothing can be said: not that a thing is absent.
[[nodiscard]] Error share_error(Error error);

[[nodiscard]] WallTime wall_time(const timespec& time);

using WantedName = std::function<bool(const std::string&)>;

/// What is in `directory` of this type (S_IFREG, S_IFDIR), under a wanted name, last written before `before`.
[[nodiscard]] Result<std::vector<Path>> old_entries(const Path& directory, WallTime before, mode_t type,
                                                    const WantedName& wanted);
/// Removes the regular files among these.
[[nodiscard]] Result<void> remove_old_files(const Path& directory, WallTime before, const WantedName& wanted);

}  // namespace swarmout
