// The delta of a release against the one that it was packed against, as it is offered to hosts that have that.

#pragma once

#include "common/base/result.hpp"
#include "common/release/descriptor.hpp"
#include "common/release/manifest.hpp"
#include "common/release/store.hpp"

#include <optional>
#include <stop_token>
#include <string>

namespace swarmout {

struct ReleaseDelta {
  DeltaRef ref;
  std::string file;                   ///< what lies on the share
  std::string delta;                  ///< the same, if it is small
  std::optional<InfoHash> info_hash;  ///< of its torrent, if it is not
};

struct DeltaWish {
  Position basis;           ///< the release before
  Bytes limit = 0;          ///< what it must be smaller than to be worth it
  int level = 0;            ///< zstd's, of the packs
  std::string certificate;  ///< of the swarm, in PEM; empty: in the clear
};

/// Who applies a delta packs by path. A source that gives its files in another order (a tar command) makes other packs,
/// and no delta leads to them.
[[nodiscard]] bool packed_by_path(const Manifest& before, const Manifest& after);

/// Both releases are whole in the store; `after` was packed against the other one. Nothing: it would not be worth it,
/// or does not lead there. Errors: refused: a pack is damaged; temporary: stopped.
[[nodiscard]] Result<std::optional<ReleaseDelta>> release_delta(const Store& store, const Manifest& after,
                                                                const DeltaWish& wish, const std::stop_token& stop);

}  // namespace swarmout
