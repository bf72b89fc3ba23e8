// Makes what is wrong in a tree right: each bad file is made anew beside the tree, checked, and put in its place by one
// rename. Readers see the old file or the new one.
//
// Threads: one.

#pragma once

#include "common/base/files.hpp"
#include "common/release/manifest.hpp"
#include "common/release/store.hpp"
#include "peer/verify/tree_check.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace swarmout {

/// Where content may be: makes the files of `part` below `into`, which is empty, as far as it has them. What it makes
/// need not be right.
struct ContentSource {
  std::string name;  ///< for people: "the store"
  std::function<Result<void>(const Manifest& part, const Path& into)> make;
};

/// The packs of this host; a damaged one gives what it can.
[[nodiscard]] ContentSource content_of(const Store& store);
/// A whole tree of another release.
[[nodiscard]] ContentSource content_of(const Path& tree, const Manifest& manifest);
/// Packs, or pieces of them, in a directory: what `ranges` (part_of_manifest.hpp) say is there.
[[nodiscard]] Result<void> unpack_part(const Manifest& part, const Path& packs, const Path& into);

class Repair {
public:
  /// `scratch` is an empty directory on the file system of `tree`, once content is looked for. `manifest` outlives
  /// this.
  Repair(const Manifest& manifest, Path tree, Path scratch, std::vector<Difference> differences);

  /// Files whose content has not been found yet.
  [[nodiscard]] std::vector<std::uint32_t> wanted() const;
  [[nodiscard]] Bytes wanted_bytes() const;
  /// Makes what `source` has of these. Its failure is a line in the journal: there may be another source. Errors:
  /// cannot_write.
  [[nodiscard]] Result<void> find_in(const ContentSource& source);

  /// What is extra goes; needs neither content nor `scratch`, and may be what fills the disk. What cannot be removed is
  /// said, and stays wrong.
  void remove_extras();
  /// Puts everything that needs no content, or whose content was found, where it belongs; flushed. May be called again
  /// once more was found. The tree is nobody's meanwhile who would mind (pins.hpp). What could not be put there is
  /// said, and stays wrong. Errors: cannot_write, temporary: the disk takes nothing.
  [[nodiscard]] Result<void> apply();
  /// What is still wrong.
  [[nodiscard]] const std::vector<Difference>& left() const { return differences_; }

private:
  [[nodiscard]] Result<void> put(const Difference& difference);
  struct Place;
  [[nodiscard]] Result<void> put_away(const Place& place);
  [[nodiscard]] Result<void> put_link(const Place& place, const Node& node);
  [[nodiscard]] static Result<void> put_file(const Place& place, const Node& node, const Path& root);
  [[nodiscard]] static Result<void> put_directory(const Place& place);
  [[nodiscard]] static Result<void> set_mode(const Place& place, const Node& node);
  [[nodiscard]] Result<void> remove_extra(const std::string& path);

  const Manifest& manifest_;
  Path tree_;
  Path scratch_;
  std::vector<Difference> differences_;
  std::map<std::uint32_t, Path> found_;  ///< below which directory a node's file is, under its own path
  unsigned rooms_ = 0;                   ///< directories used in scratch_
  unsigned away_ = 0;                    ///< things put away, and links made, there
};

}  // namespace swarmout
