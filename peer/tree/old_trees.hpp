// What a new tree is made of, beside packs: the trees that were before it.

#pragma once

#include "common/base/files.hpp"
#include "common/release/manifest.hpp"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace swarmout {

/// The one that is active: only read.
struct PreviousTree {
  Path directory;
  const Manifest& manifest;
};

inline constexpr mode_t kPermissions = 07777;
inline constexpr const char* kAccessList = "system.posix_acl_access";  ///< an extended attribute

/// What a directory is like that this process makes there today, with its umask, groups and whatever else decides.
struct DirectoryLook {
  uid_t owner = 0;
  gid_t group = 0;
  mode_t mode = 0;  ///< permissions, with the bits for set-group-ID and the like
  bool operator==(const DirectoryLook&) const = default;
};
/// Of an empty directory that was just made. Nullopt: it has an access control list that others would inherit, so that
/// nobody can tell what a file would be like; or it cannot be looked at.
[[nodiscard]] std::optional<DirectoryLook> look_of(const Path& directory);

/// One that nobody uses any more, and that is to become the new one: it stands where that is made.
struct OldTree {
  const Manifest* manifest = nullptr;   ///< what it was; null: that is not known any more
  std::vector<std::uint64_t> stamps{};  ///< by node of `manifest` (tree_stamps.hpp); empty: there are none
  DirectoryLook look{};
  /// What has a stamp is believed to be as it was, without a look: seal_tree() looks, and finds it out if it is not.
  bool believed = false;
};

}  // namespace swarmout
