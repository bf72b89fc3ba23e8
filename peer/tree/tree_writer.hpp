// Creates files and directories below one root that was empty at the start, without ever leaving it.
//
// Everything is relative to open directories and never follows a link, so paths of any depth work, and a link in the
// tree cannot redirect a write. One object a thread; several may write to the same root.

#pragma once

#include "common/base/files.hpp"
#include "peer/tree/tree_folders.hpp"

#include <string>
#include <string_view>

namespace swarmout {

class TreeWriter {
public:
  /// `root` must exist.
  [[nodiscard]] static Result<TreeWriter> open(const Path& root);

  [[nodiscard]] Result<void> make_directory(const std::string& path);
  [[nodiscard]] Result<void> make_symlink(const std::string& path, const std::string& target);

  /// `anew`: another inode, whatever file is there: that may have another name, too.
  enum class Create { must_be_new, anew, may_exist };
  /// Opens a file for writing (and reading).
  [[nodiscard]] Result<Fd> open_file(const std::string& path, bool executable, Create create);
  /// Opens an existing regular file for reading. Errors: not_found, also if something else is there.
  [[nodiscard]] Result<Fd> open_for_reading(const std::string& path);
  [[nodiscard]] Result<void> remove(const std::string& path);

private:
  explicit TreeWriter(TreeFolders folders) : folders_(std::move(folders)) {}

  TreeFolders folders_;
};

/// Writes a part of a file that was new. Of a part that is all zeros only the last byte, so that sparse files stay
/// sparse; not ftruncate(2), because other threads write other parts.
[[nodiscard]] Result<void> write_part(const Fd& file, ByteView content, Bytes offset, const std::string& path);

}  // namespace swarmout
