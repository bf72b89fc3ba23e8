// Which files of a directory are as they were when a release was made of it, by what stat(2) says of them.
//
// A file is taken for unchanged if device, inode number, size, time of modification and time of change are what they
// were. The time of change cannot be set by a program, and a write, a rename over it, or a restored backup sets it. It
// is worth nothing where it is younger than the clock that it is taken from can tell: a file that was changed right
// before it was read may be changed again within the same tick. Such files have no entry, and are read again
// (docs/decisions/0070-a-directory-by-its-stat.md).

#pragma once

#include "common/base/clock.hpp"
#include "common/base/files.hpp"
#include "common/release/manifest.hpp"

#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace swarmout {

/// The device of a directory, if its file system is of this host, and sets times of change by this host's clock as soon
/// as something changes. Nullopt: it is a network's, or not known.
[[nodiscard]] std::optional<std::uint64_t> device_with_honest_times(const Path& directory);

/// Takes down the files of a scan.
class DirIndexWriter {
public:
  /// `began`: the time before the first of them was looked at. Files on other devices get no entry.
  DirIndexWriter(WallTime began, std::uint64_t device);
  /// In the order of full paths. `looks` are from before it was read.
  void add(const struct stat& looks);
  /// docs/formats/state.md
  [[nodiscard]] std::string take();

private:
  std::int64_t safe_until_;  ///< nanoseconds since 1970
  std::uint64_t device_;
  std::string entries_;
};

class DirIndex {
public:
  /// Nullopt: `written` is damaged, or not of this tree. `nodes` outlive it.
  [[nodiscard]] static std::optional<DirIndex> read(std::string_view written, const std::vector<Node>& nodes);
  /// The file of the release whose content it has; nullptr: nobody can say.
  [[nodiscard]] const Node* same(const struct stat& looks) const;

private:
  struct Entry {
    std::int64_t modified;
    std::int64_t changed;
    const Node* node;
  };
  std::uint64_t device_ = 0;
  std::unordered_map<std::uint64_t, Entry> by_number_;  ///< so that it is found where it was moved to
};

}  // namespace swarmout
