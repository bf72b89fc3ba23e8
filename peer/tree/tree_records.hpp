// What this host made: one record a tree, in the state directory.
//
// A name proves nothing: anybody can make a directory that is called like a release, and remove or replace one. A tree
// is ours if there is a record of it that fits: the name, and the root directory's number and time of birth. The device
// is not part of it, because its number may change when the host starts. Stored form: docs/formats/state.md.

#pragma once

#include "common/base/files.hpp"
#include "common/release/descriptor.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

/// Of a directory. Two that exist at the same time on one file system never have the same.
struct TreeIdentity {
  std::uint64_t inode = 0;
  std::int64_t born = 0;  ///< nanoseconds since 1970; 0 where the file system does not know
  bool operator==(const TreeIdentity&) const = default;
};

/// Nullopt: there is no directory there (nothing, or something else). Never follows a link.
[[nodiscard]] std::optional<TreeIdentity> identity_of(const Path& path);

struct TreeRecord {
  std::string name;  ///< of the directory when it is whole
  TreeIdentity identity;
  Digest manifest;        ///< what it is, or is to become
  bool whole = false;     ///< unpacked, checked and on the disk
  std::string dest;       ///< the directory that it was made for
  std::int64_t made = 0;  ///< when, as `born`; later than that where another tree became this one
};

/// Any number of processes; each record is written by one.
class TreeRecords {
public:
  /// False: no version that keeps records has worked in this state directory yet.
  [[nodiscard]] static bool exist(const Path& state) { return path_exists(state / "trees"); }
  /// Makes the directory if need be. Errors: cannot_write.
  [[nodiscard]] static Result<TreeRecords> open(const Path& state);
  /// For whoever only looks, as another user perhaps: makes nothing.
  [[nodiscard]] static TreeRecords open_to_read(const Path& state) { return TreeRecords(state / "trees"); }

  /// Flushed.
  [[nodiscard]] Result<void> write(const TreeRecord& record) const;
  /// Of the tree with this name and identity. Nullopt: it is not ours. A record that is damaged is none.
  [[nodiscard]] std::optional<TreeRecord> find(std::string_view name, const TreeIdentity& identity) const;
  [[nodiscard]] Result<void> remove(const TreeRecord& record) const;
  [[nodiscard]] Result<std::vector<TreeRecord>> all() const;
  /// All that were made for `dest`.
  [[nodiscard]] Result<std::vector<TreeRecord>> made_for(const Path& dest) const;

  /// An empty directory at `path`, which is ours from its first moment on. What is there is removed if we made it.
  /// Errors: cannot_write: something is there that we did not make.
  [[nodiscard]] Result<void> make_tree(const Path& path, TreeRecord record) const;

private:
  explicit TreeRecords(Path directory) : directory_(std::move(directory)) {}
  Path directory_;
};

/// Errors: cannot_write, always: `path` is not what we made, and stands where `wanted_for` belongs.
[[nodiscard]] tl::unexpected<Error> in_the_way(const Path& path, std::string_view wanted_for);

}  // namespace swarmout
