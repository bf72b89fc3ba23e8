// A delta and the release before in, packs and a manifest out: those that the leader has made.
//
// What is new is written to a scratch file first, since a delta is not in the order of the tree, and fed to the packer
// from there: memory is bounded whatever the size of the tree.

#pragma once

#include "common/delta/delta_file.hpp"
#include "common/pack/packer.hpp"
#include "common/release/manifest.hpp"
#include "common/release/store.hpp"

#include <stop_token>

namespace swarmout {

/// `before`: the manifest of a release whose packs are in `store`; `old`: its contents. `level`: with which it was
/// packed. The packs are in the scratch directory of the store; whether they are those of the release, their roots and
/// the digest of the manifest say, once that has its revision. Errors: refused: the delta is damaged, or a pack of the
/// store is; not_found: it begins at another tree, or a pack is missing; cannot_write; temporary: stopped.
[[nodiscard]] Result<PackedRelease> pack_delta(const Store& store, const Manifest& before, TreeContents& old,
                                               ByteView delta, int level, PackProgress& progress,
                                               const std::stop_token& stop);

}  // namespace swarmout
