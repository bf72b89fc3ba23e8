// The trees of releases that this host has, newest first, with what is known of each; and which of them a person means.

#pragma once

#include "common/release/descriptor.hpp"
#include "common/release/store.hpp"
#include "peer/tree/tree_records.hpp"

#include <optional>
#include <string>
#include <vector>

namespace swarmout {

struct KeptTree {
  TreeRecord record;                          ///< we made it, and it is whole
  Path path;                                  ///< empty: no tree, only packs
  std::optional<SignedDescriptor> release{};  ///< as the store has it; none: its packs are gone already
  bool current = false;                       ///< `current` leads to it

  /// Of the release, else what its name begins with.
  [[nodiscard]] Position position() const;
  /// Of the release, else what follows in its name, which may be cut.
  [[nodiscard]] std::string revision() const;
  /// "release 42 (v1.2.3)".
  [[nodiscard]] std::string shown() const;
};

/// Those in `dest`, which may be, or lead through, a symbolic link. Errors: not_found: there is no such directory.
[[nodiscard]] Result<std::vector<KeptTree>> kept_trees(const Path& dest, const TreeRecords& records,
                                                       const std::vector<SignedDescriptor>& releases);

/// For verbs by hand: everything that this host keeps.
struct ThisHost {
  Store store;
  TreeRecords records;
  std::vector<SignedDescriptor> releases;  ///< of the store, newest first
  std::vector<KeptTree> kept;              ///< trees; and behind them, with an empty path, what there are only packs of
};
/// Errors: not_found: no swarmout has worked with this state directory; cannot_write: another user's.
[[nodiscard]] Result<ThisHost> look_at_this_host(const Path& dest, const Path& state);

/// `wanted`: empty for the one that `current` leads to; else the name of its directory, or what find_called()
/// finds. Errors: not_found, naming what there is.
[[nodiscard]] Result<KeptTree> find_kept(const std::vector<KeptTree>& trees, const std::string& wanted);

}  // namespace swarmout
