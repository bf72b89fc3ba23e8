// How the files of a tree were when it was made, so that whoever has touched one since is found out without reading it.
//
// A stamp is a part of the SHA-256 of what lstat(2) says of a file: number, size, mode, owner, and both times to the
// nanosecond. Times are only compared for equality: it does not matter whether clocks go on or back. Nobody can set a
// change time at will, so a file with the same stamp was not written since. One file a tree, in STATE/stamps/, bound to
// the manifest and to the tree's identity: docs/formats/state.md.

#pragma once

#include "peer/tree/tree_records.hpp"

#include <sys/stat.h>

#include <cstdint>
#include <vector>

namespace swarmout {

/// Never 0: that is "none".
[[nodiscard]] std::uint64_t stamp_of(const struct stat& info);

/// Whether what is written to a file from now on will change its stamp: a file system counts time in steps, and what
/// comes within the same one leaves the times as they are. `now`: by the file system's own clock.
[[nodiscard]] bool tells_changes(const struct stat& info, const timespec& now);

/// `stamps`: by node of the manifest with that digest. Flushed. Errors: cannot_write.
[[nodiscard]] Result<void> write_stamps(const Path& state, const TreeIdentity& tree, const Digest& manifest,
                                        const std::vector<std::uint64_t>& stamps);
/// `count`: nodes of that manifest. Errors: not_found; refused: damaged, or of another tree or manifest.
[[nodiscard]] Result<std::vector<std::uint64_t>> read_stamps(const Path& state, const TreeIdentity& tree,
                                                             const Digest& manifest, std::size_t count);
/// Removes those of all trees but these. Errors: cannot_write.
[[nodiscard]] Result<void> forget_stamps(const Path& state, const std::vector<TreeRecord>& kept);

}  // namespace swarmout
