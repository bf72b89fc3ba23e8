// The destination directory: one verified tree a release, and `current`, a link to one of them.
//
//   DEST/releases/00000042-1a2b3c4d5e6f/   complete and verified, never changed by us again
//   DEST/.incoming-peer-00000044-…/        being unpacked, here by the service
//   DEST/current -> releases/00000042-…    changed by one rename(2)
//   DEST/.previous -> releases/00000041-…  what `current` was before
//
// Only what has a fitting record (tree_records.hpp) is believed, counted or removed.

#pragma once

#include "common/base/files.hpp"
#include "common/release/descriptor.hpp"
#include "peer/tree/release_links.hpp"
#include "peer/tree/tree_records.hpp"

#include <optional>
#include <string>
#include <vector>

namespace swarmout {

/// What for somebody unpacks trees, or removes some: each has names of its own in a destination, and one process of a
/// state directory at a time does it, who has the lock.
inline constexpr std::string_view kPeerPurpose = "peer";
inline constexpr std::string_view kFetchPurpose = "fetch";
inline constexpr std::string_view kGcPurpose = "gc";
inline constexpr std::string_view kVerifyPurpose = "verify";
/// In the state directory: "gc.lock".
[[nodiscard]] std::string lock_of(std::string_view purpose);
/// How the names of what is being unpacked, repaired or removed begin.
inline constexpr std::string_view kIncomingName = ".incoming-";
/// ".incoming-gc-".
[[nodiscard]] std::string incoming_of(std::string_view purpose);

class ReleaseTrees {
public:
  /// `purpose`: one of these. `dest` may be, or lead through, a symbolic link: it is resolved once. Errors:
  /// cannot_write.
  [[nodiscard]] static Result<ReleaseTrees> open(const Path& dest, const Path& state,
                                                 std::string_view purpose = kPeerPurpose);

  /// Of a state directory that version 0.1 has left, which kept no records of trees: those of `releases`, which this
  /// host has whole, are believed by their names once more. Errors: cannot_write.
  [[nodiscard]] Result<void> take_over(const std::vector<SignedDescriptor>& releases) const;

  /// Where its tree is, or will be: the release's name, and a part of the manifest's digest behind it if another tree
  /// of ours has that name already (numbers begin anew with a new share).
  [[nodiscard]] Path tree(const Descriptor& release) const { return place_of(release).path; }
  [[nodiscard]] Path incoming(const Descriptor& release) const;
  /// Where something is made for the tree of this name, by this purpose.
  [[nodiscard]] Path incoming(const std::string& name) const { return dest_ / (incoming_ + name); }
  /// We made it, it is whole, and it is still there.
  [[nodiscard]] bool has(const Descriptor& release) const { return place_of(release).held == Held::whole; }

  /// An empty tree to unpack it into. Errors: cannot_write: something that we did not make is in its way, or where the
  /// whole tree belongs.
  [[nodiscard]] Result<Path> begin(const Descriptor& release) const;
  /// Makes a verified tree, unpacked and flushed at `from` (default: where incoming() says), a release.
  [[nodiscard]] Result<void> accept(const Descriptor& release) { return accept(release, incoming(release)); }
  [[nodiscard]] Result<void> accept(const Descriptor& release, const Path& from);
  /// Points `current` to it: readers see the old tree or the new one, never nothing and never a mixture. Errors:
  /// cannot_write, also if `current` is no link.
  [[nodiscard]] Result<void> activate(const Descriptor& release);
  /// Errors: cannot_write: `current` is a directory or a file, which no link can replace.
  [[nodiscard]] Result<void> check_current() const;
  /// Where `current` points to it.
  [[nodiscard]] bool is_current(const Descriptor& release) const;

  /// Removes one that `current` does not name. False: it does, or somebody works in it: it stays. Another process may
  /// do the same at the same moment. `no_pin_comes` (Store::lock_pins) is let go of once it is out of sight.
  [[nodiscard]] Result<bool> remove(const TreeRecord& record, Fd no_pin_comes = {}) const;
  /// Removes what was left: incoming trees of its own purpose other than `busy`; those of a `gc` or a repair that was
  /// killed; copies in which nobody works any more (private_copy.hpp); records of trees that are gone. What we did not
  /// make stays. Errors: of the first that cannot be removed; the others are.
  [[nodiscard]] Result<void> tidy(const std::optional<Path>& busy) const;
  /// Where a tree is moved to when it is to be removed: tidy() finds it there.
  [[nodiscard]] Path put_away(const TreeRecord& record) const;
  /// Before that: a move changes what ".." in it is, which its owner may lack the right to.
  void open_to_move(const TreeRecord& record) const;
  [[nodiscard]] const Path& dest() const { return dest_; }
  [[nodiscard]] const TreeRecords& records() const { return records_; }

private:
  enum class Held { nothing, whole, foreign };
  struct Place {
    Path path;
    Held held = Held::nothing;
  };

  ReleaseTrees(Path dest, Path state, TreeRecords records, std::string_view purpose)
      : dest_(std::move(dest)),
        state_(std::move(state)),
        records_(std::move(records)),
        incoming_(incoming_of(purpose)) {}
  [[nodiscard]] Path releases() const { return dest_ / kReleasesFolder; }
  [[nodiscard]] Place place_of(const Descriptor& release) const;
  [[nodiscard]] std::optional<TreeRecord> record_at(const Path& path, std::string_view name) const;
  [[nodiscard]] std::optional<std::string> current() const { return release_behind(dest_ / kCurrentLink); }
  [[nodiscard]] Result<void> remember_previous(const std::string& next) const;
  [[nodiscard]] Result<void> discard(const TreeRecord& record) const;
  [[nodiscard]] Result<void> remove_leftovers(const std::string& incoming, const std::optional<Path>& busy) const;
  [[nodiscard]] Result<void> forget_lost() const;

  Path dest_;
  Path state_;
  TreeRecords records_;
  std::string incoming_;  ///< how the names of incoming trees begin
};

}  // namespace swarmout
