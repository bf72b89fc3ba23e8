#include "seeder/source/lfs_guard.hpp"

#include "common/base/key_values.hpp"
#include "seeder/source/lfs_pointer.hpp"

#include <fmt/format.h>

namespace swarmout {

Result<void> LfsGuard::entry(const TreeEntry& entry) {
  const bool small = entry.kind == TreeEntry::Kind::file && may_be_lfs_pointer(entry.size);
  missing_ = small ? entry.size : 0;
  content_.clear();
  if (small) {
    path_ = entry.path;
  }
  return next_.entry(entry);
}

Result<void> LfsGuard::data(ByteView bytes) {
  if (missing_ > 0 && bytes.size() <= missing_) {
    content_ += as_text(bytes);
    missing_ -= bytes.size();
    if (missing_ == 0 && is_lfs_pointer(content_)) {
      return fail(ErrorCode::refused,
                  fmt::format("\"{}\" is a Git LFS pointer, not the content that it stands for", escape_value(path_)),
                  "export with git+URL, or with tar:COMMAND from a checkout that has the content, or publish pointers "
                  "with --allow-lfs-pointers");
    }
  }
  return next_.data(bytes);
}

}  // namespace swarmout
