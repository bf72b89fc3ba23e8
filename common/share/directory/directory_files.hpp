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

/// Asks the server what the directory is like now, whatever is cached of it. A client of NFS remembers for up to a
/// minute (acdirmax) that a name is not there, and looks it up anew once it knows that the directory has changed.
void look_anew(const Path& directory);

/// What a look at something in `directory` gives. If that is "not found", it is looked at once more, after look_anew().
template <typename Look>
[[nodiscard]] auto find_in(const Path& directory, const Look& look) {
  auto found = look();
  if (!found && found.error().code == ErrorCode::not_found) {
    look_anew(directory);
    found = look();
  }
  return found;
}

using WantedName = std::function<bool(const std::string&)>;

/// What is in `directory` of this type (S_IFREG, S_IFDIR), under a wanted name, last written before `before`.
[[nodiscard]] Result<std::vector<Path>> old_entries(const Path& directory, WallTime before, mode_t type,
                                                    const WantedName& wanted);
/// What a writer that was killed leaves, under the names that this writer gives; and what a client of NFS leaves that
/// dies while it has a removed file open.
[[nodiscard]] bool is_left_behind(std::string_view name, std::string_view writers_prefix);

/// Removes the regular files among these.
[[nodiscard]] Result<void> remove_old_files(const Path& directory, WallTime before, const WantedName& wanted);

}  // namespace swarmout
