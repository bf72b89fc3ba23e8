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
#include "peer/tree/tree_records.hpp"

#include <optional>
#include <string>
#include <vector>

namespace swarmout {

inline constexpr const char* kPreviousLink = ".previous";

class ReleaseTrees {
public:
  /// `purpose` keeps apart what the service and what a `fetch` by hand is unpacking. `dest` may be, or lead through, a
  /// symbolic link: it is resolved once. Errors: cannot_write.
  [[nodiscard]] static Result<ReleaseTrees> open(const Path& dest, const Path& state,
                                                 std::string_view purpose = "peer");

  /// Of a state directory that version 0.1 has left, which kept no records of trees: those of `releases`, which this
  /// host has whole, are believed by their names once more. Errors: cannot_write.
  [[nodiscard]] Result<void> take_over(const std::vector<SignedDescriptor>& releases) const;

  /// Where its tree is, or will be: the release's name, and a part of the manifest's digest behind it if another tree
  /// of ours has that name already (numbers begin anew with a new share).
  [[nodiscard]] Path tree(const Descriptor& release) const { return place_of(release).path; }
  [[nodiscard]] Path incoming(const Descriptor& release) const;
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

  /// Removes all but the newest `keep` trees that we made and what `current` names; and incoming trees of its own
  /// purpose other than `busy`. What we did not make stays, and so does, until the next time, what has a pin
  /// (pins.hpp).
  [[nodiscard]] Result<void> prune(std::size_t keep, const std::optional<Path>& busy);

  /// Removes one that `current` does not name. False: it does, or somebody works in it: it stays. Another process may
  /// do the same at the same moment. `no_pin_comes` (Store::lock_pins) is let go of once it is out of sight.
  [[nodiscard]] Result<bool> remove(const TreeRecord& record, Fd no_pin_comes = {}) const;
  /// The rest of what prune() does: incoming trees, and records of trees that are gone. And what a `gc` or a repair by
  /// hand has left that was killed.
  [[nodiscard]] Result<void> tidy(const std::optional<Path>& busy) const;
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
        incoming_(".incoming-" + std::string(purpose) + '-') {}
  [[nodiscard]] Path releases() const { return dest_ / "releases"; }
  [[nodiscard]] Place place_of(const Descriptor& release) const;
  [[nodiscard]] std::optional<TreeRecord> record_at(const Path& path, std::string_view name) const;
  [[nodiscard]] std::optional<std::string> current() const;
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
