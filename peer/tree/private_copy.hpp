// A copy of a tree that its owner may write to: DEST/.copy-XXXXXX, gone with the last process that works in it.
//
// It is locked as a pin locks a tree (pins.hpp), so that one whose owner died can be told, and is removed by the next
// who makes a copy, by `gc`, and by the service (ReleaseTrees::tidy()).

#pragma once

#include "common/base/files.hpp"

#include <stop_token>
#include <string_view>

namespace swarmout {

class PrivateCopy {
public:
  /// Blocks are shared with the tree where the file system can (FICLONE). Of modes the x bit is kept, and times, for
  /// make(1). Errors: cannot_write: disk full, no permission in `dest`; temporary: stopped.
  [[nodiscard]] static Result<PrivateCopy> make(const Path& dest, const Path& tree, std::stop_token stop);
  /// Removes it, unless something that inherited its descriptor still works in it.
  ~PrivateCopy();
  PrivateCopy(PrivateCopy&& other) noexcept
      : path_(std::exchange(other.path_, {})), directory_(std::move(other.directory_)) {}
  PrivateCopy& operator=(PrivateCopy&&) = delete;

  [[nodiscard]] const Path& path() const { return path_; }
  [[nodiscard]] int descriptor() const { return directory_.get(); }

private:
  PrivateCopy(Path path, Fd directory) : path_(std::move(path)), directory_(std::move(directory)) {}
  Path path_;
  Fd directory_;
};

/// How the names of copies begin.
inline constexpr std::string_view kCopyName = ".copy-";

/// Removes copies in which nobody works any more. Errors: cannot_write, of the first that cannot be removed; the others
/// are.
[[nodiscard]] Result<void> remove_left_copies(const Path& dest);

}  // namespace swarmout
