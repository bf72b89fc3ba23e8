#include "seeder/source/tree_guard.hpp"

#include "common/base/key_values.hpp"
#include "common/release/tree_path.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace swarmout {

/// All paths are kept until the end. More than ten million long ones; a manifest has room for less.
constexpr Bytes kMaxPaths = 4 * kGiB;
/// Of a path that is kept, without its bytes.
constexpr Bytes kPathCosts = 64;

Result<void> TreeGuard::count(const std::string& path) {
  kept_ += path.size() + kPathCosts;
  REFUSE_UNLESS(kept_ <= kMaxPaths, "the source has more entries than a release can have");
  return {};
}

Result<void> TreeGuard::check_path(const std::string& path) const {
  if (!is_safe_path(path)) {
    return fail(ErrorCode::refused, fmt::format("the source has a path that cannot be in a tree: \"{}\"",
                                                escape_value(std::string_view(path).substr(0, 300))));
  }
  return {};
}

Result<void> TreeGuard::announce_parents(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) {
    return {};
  }
  const std::string parent = path.substr(0, slash);
  if (parent == last_parent_) {
    return {};
  }
  // The length of the nearest one that was seen; in loops, because a path can be 2,000 directories deep.
  std::size_t known = parent.size();
  while (known > 0) {
    const auto found = seen_.find(parent.substr(0, known));
    if (found != seen_.end()) {
      REFUSE_UNLESS(found->second == TreeEntry::Kind::directory,
                    fmt::format("the source has \"{}\" below something that is not a directory", escape_value(path)));
      break;
    }
    const std::size_t above = parent.rfind('/', known - 1);
    known = above == std::string::npos ? 0 : above;
  }
  while (known < parent.size()) {
    known = std::min(parent.find('/', known + 1), parent.size());
    const std::string directory = parent.substr(0, known);
    TRY(count(directory));
    seen_.emplace(directory, TreeEntry::Kind::directory);
    TRY(next_.entry({TreeEntry::Kind::directory, directory, false, 0, {}}));
  }
  last_parent_ = parent;
  return {};
}

Result<void> TreeGuard::entry(const TreeEntry& entry) {
  TRY(finish());
  TRY(check_path(entry.path));
  TRY(announce_parents(entry.path));
  if (entry.kind == TreeEntry::Kind::hardlink) {
    const auto target = seen_.find(entry.target);  // before the link itself is there: it may name itself
    REFUSE_UNLESS(target != seen_.end() && target->second != TreeEntry::Kind::directory,
                  fmt::format("the source has a hard link \"{}\" to something that is no earlier file",
                              escape_value(entry.path)));
  }
  TRY(count(entry.path));
  const auto [place, added] = seen_.try_emplace(entry.path, entry.kind);
  if (!added) {
    // tar streams may announce a directory again, or after what is in it
    const bool both = entry.kind == TreeEntry::Kind::directory && place->second == entry.kind;
    REFUSE_UNLESS(both, fmt::format("the source has \"{}\" twice", escape_value(entry.path)));
    return {};
  }
  switch (entry.kind) {
    case TreeEntry::Kind::file:
      current_ = entry.path;
      missing_ = entry.size;
      break;
    case TreeEntry::Kind::hardlink:
    case TreeEntry::Kind::unchanged:
      break;
    case TreeEntry::Kind::symlink:
      REFUSE_UNLESS(
          is_safe_target(entry.target),
          fmt::format("the source has a symbolic link \"{}\" with an impossible target", escape_value(entry.path)));
      break;
    case TreeEntry::Kind::directory:
      break;
  }
  return next_.entry(entry);
}

Result<void> TreeGuard::data(ByteView bytes) {
  if (bytes.size() > missing_) {
    return fail(ErrorCode::temporary,
                fmt::format("\"{}\" is longer than announced: it changed while it was read", escape_value(current_)));
  }
  missing_ -= bytes.size();
  return next_.data(bytes);
}

Result<void> TreeGuard::finish() {
  if (missing_ != 0) {
    return fail(ErrorCode::temporary,
                fmt::format("\"{}\" is shorter than announced: it changed while it was read", escape_value(current_)));
  }
  return {};
}

}  // namespace swarmout
