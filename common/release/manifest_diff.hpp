// What has changed between two releases, from their manifests alone.

#pragma once

#include "common/release/manifest.hpp"

#include <string_view>
#include <vector>

namespace swarmout {

enum class PathChange {
  added,
  removed,
  type,        ///< a file where a link was, and so on
  content,     ///< of a file
  executable,  ///< the x bit alone
  target,      ///< of a symbolic link
};
/// As it is printed: "added", …
[[nodiscard]] std::string_view name_of(PathChange change);

/// Of the two manifests that were compared, which must outlive this.
struct ChangedPath {
  PathChange change = PathChange::added;
  const Node* before = nullptr;  ///< null: it was not there
  const Node* after = nullptr;   ///< null: it is not there any more

  [[nodiscard]] const std::string& path() const { return after != nullptr ? after->path : before->path; }
};

/// By path. Both are read once.
[[nodiscard]] std::vector<ChangedPath> changed_between(const Manifest& before, const Manifest& after);

/// The same bytes, as far as both are cut into chunks alike, which one packer does.
[[nodiscard]] bool same_content(const Manifest& a, const Node& x, const Manifest& b, const Node& y);

/// What a host that has all of `before` fetches for `after`: packs that are new, without the manifest.
[[nodiscard]] Bytes new_pack_bytes(const Manifest& before, const Manifest& after);

}  // namespace swarmout
