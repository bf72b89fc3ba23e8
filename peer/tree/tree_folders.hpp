// The directories of one tree, by descriptor: a path below the root becomes an open directory and a name in it, without
// ever leaving the root or following a link.

#pragma once

#include "common/base/files.hpp"
#include "peer/tree/old_trees.hpp"

#include <string>
#include <vector>

namespace swarmout {

/// Remembers the directory that was opened last, since files come grouped by directory. One object a thread; for one
/// whose directories are replaced meanwhile, a new object.
class TreeFolders {
public:
  /// `root` must exist.
  [[nodiscard]] static Result<TreeFolders> open(const Path& root);

  /// A descriptor of the directory that `path` is in, good until the next call; `name` gets the last component. Errors:
  /// as fail_errno(): a directory on the way is not there, or is something else.
  [[nodiscard]] Result<int> parent_of(const std::string& path, const char*& name);
  /// A descriptor of this directory, "" the root, good until the next call. Errors: likewise.
  [[nodiscard]] Result<int> directory(const std::string& path);
  [[nodiscard]] int root() const { return root_.get(); }
  /// For messages.
  [[nodiscard]] Path shown(std::string_view path) const { return shown_ / path; }

private:
  Path shown_;
  Fd root_;
  std::string cached_path_;
  Fd cached_;
};

/// Names in an open directory, as the file system has them. `shown` is for messages. Errors: as fail_errno().
[[nodiscard]] Result<std::vector<std::string>> names_in(int directory, const Path& shown);

/// A directory of an old tree as it would be if it was made now: the root, which must be there, and one in it, whatever
/// is in its place. Errors: as fail_errno(); what is mounted there is left alone.
[[nodiscard]] Result<void> set_root_right(const Path& root, const DirectoryLook& look);
[[nodiscard]] Result<void> put_directory(TreeFolders& folders, const std::string& path, const DirectoryLook& look);

}  // namespace swarmout
