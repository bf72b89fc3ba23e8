// Whose files and directories are, and what their owner's own mode bits let him do with them.

#pragma once

#include "common/base/files.hpp"

#include <cerrno>

namespace swarmout {

/// What root makes in a directory of another user must be that user's: in a state directory it would be in his way for
/// ever. Gives `name`, in the directory `parent`, to the owner of `like`. Does nothing for other users, where `like` is
/// root's, and with what is not root's alone: a file that has more names than this one may be a trap. Never follows a
/// link. That it cannot be done (NFS, a container) is said once and no error: what was made is there.
void hand_over(int parent, const char* name, int like);
/// To the owner of `like`, which is a directory.
void hand_over(const Path& path, const Path& like);
/// To the owner of the directory that it is in.
void hand_over(const Path& path);

/// make_directories(), each handed over. For what is below a state directory or a tree: a state directory itself stays
/// whose who made it, wherever it is.
[[nodiscard]] Result<void> make_directories_for_owner(const Path& path);

[[nodiscard]] bool same_owner(const Path& a, const Path& b);

/// Adds the bits that an owner needs to change a directory (u+rwx). False: they were there, or this user may not.
bool open_to_owner(int directory);
/// The same for one that cannot be opened for want of them; false also for what is no directory. Never follows a link,
/// nor enters another mount.
bool open_to_owner(int parent, const char* name);
/// open_in() of a directory, which is opened to its owner first if he may not read it. -1 and errno.
[[nodiscard]] int open_directory_as_owner(int parent, const char* name);

/// A change in `directory`, whose owner may lack the right to make it: nobody has to be root to change what is his. If
/// that is why it fails, the directory is opened to him, and it is tried once more. `change` is like a system call: -1
/// and errno; and so is this.
template <typename Change>
int as_owner(int directory, Change change) {
  const int done = change();
  if (done != -1 || (errno != EACCES && errno != EPERM)) {
    return done;
  }
  const int error = errno;
  if (open_to_owner(directory)) {
    return change();
  }
  errno = error;
  return -1;
}

}  // namespace swarmout
