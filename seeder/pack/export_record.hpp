// How the tree of a release was exported, as far as the next export can build on it: of this host's own, in its state
// directory. Layout: docs/formats/state.md.

#pragma once

#include "common/base/digest.hpp"
#include "common/release/store.hpp"

#include <optional>
#include <string>

namespace swarmout {

/// What must be the same for a memo to mean anything.
struct ExportKind {
  std::string program;  ///< its version: another one may cut files, or read sources, in another way
  std::string source;   ///< without credentials
  Digest tree;          ///< tree_digest() of what came of it: paths, kinds, contents and how they are cut
};

/// The memo of an export of this kind. Nullopt: this host has made none, or its record is damaged.
[[nodiscard]] std::optional<std::string> recall_export(const Store& store, const ExportKind& kind);

/// The record of the export that gave `before` (the tree of the basis, if any) stays beside the new one: the new tree
/// may never be published. Errors: cannot_write.
[[nodiscard]] Result<void> remember_export(const Store& store, const ExportKind& kind, std::string_view memo,
                                           const std::optional<Digest>& before);

}  // namespace swarmout
