// What is active on this host, as anybody on it can see: where `current` leads.
//
// No access to the state directory is needed. Whoever has it (the service's user, root) is told more: the records there
// say which release a tree was made from, and what the name of a directory alone proves nothing about.

#pragma once

#include "common/base/files.hpp"
#include "common/release/descriptor.hpp"

#include <optional>
#include <string>

namespace swarmout {

struct ActiveTree {
  std::string name;   ///< "00000042-1a2b3c4d5e6f"
  Path path;          ///< DEST/releases/NAME
  Position position;  ///< by its name; 0: it does not say
};

/// Nothing: `current` is not there, or does not lead to a release.
[[nodiscard]] std::optional<ActiveTree> active_tree(const Path& dest);
/// What was active before it, as long as it is kept.
[[nodiscard]] std::optional<ActiveTree> previous_tree(const Path& dest);

/// Whether `tree` is this release: by its name, and by the record of it where `state` can be read.
[[nodiscard]] bool is_tree_of(const ActiveTree& tree, const Descriptor& release, const Path& state);

/// What was signed for `tree`, of the releases that this host keeps. Nothing: not known, or `state` cannot be read.
[[nodiscard]] std::optional<SignedDescriptor> release_of(const ActiveTree& tree, const Path& state);

/// Whether a person who says `wanted` (a number, a revision, its beginning, a tag or branch) means `tree`.
[[nodiscard]] bool is_called(const ActiveTree& tree, const std::string& wanted,
                             const std::optional<SignedDescriptor>& release);

}  // namespace swarmout
