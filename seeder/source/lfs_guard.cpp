#include "seeder/source/lfs_guard.hpp"

#include "common/base/key_values.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

/// Both from the specification: a pointer is smaller than this, and begins so.
constexpr Bytes kMaxPointer = 1024;
constexpr std::string_view kVersion = "version https://git-lfs.github.com/spec/v1\n";

bool is_pointer(std::string_view content) {
  return content.starts_with(kVersion) && content.find("\noid sha256:") != std::string_view::npos &&
         content.find("\nsize ") != std::string_view::npos;
}

}  // namespace

Result<void> LfsGuard::entry(const TreeEntry& entry) {
  const bool small = entry.kind == TreeEntry::Kind::file && entry.size > kVersion.size() && entry.size < kMaxPointer;
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
    if (missing_ == 0 && is_pointer(content_)) {
      return fail(ErrorCode::refused,
                  fmt::format("\"{}\" is a Git LFS pointer, not the content that it stands for", escape_value(path_)),
                  "export with tar:COMMAND from a checkout that has the content, or publish pointers with "
                  "--allow-lfs-pointers");
    }
  }
  return next_.data(bytes);
}

}  // namespace swarmout
