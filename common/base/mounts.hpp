// What is mounted where, found out without touching anything that could hang.

#pragma once

#include "common/base/files.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace swarmout {

/// The address of the server (addr= in the mount's options), empty if the path is on no network file system, or on one
/// that does not say. `mounts`: what /proc/mounts has.
///
/// Symbolic links on the way are followed on local file systems only: to look at one on a mount whose server is away
/// would hang.
[[nodiscard]] std::string server_of(const Path& path, std::string_view mounts);

/// Of the file system that it is on ("nfs4", "ext4"), found likewise; empty: the table does not say.
[[nodiscard]] std::string type_of(const Path& path, std::string_view mounts);

/// The first mount that is at `path` or below it; `path` without links. Nullopt: there is none.
[[nodiscard]] std::optional<Path> first_mount_within(const Path& path, std::string_view mounts);

}  // namespace swarmout
