// A release made in the store out of the one before it and a delta: its packs, its manifest and its .torrent, as if
// they had been fetched.

#pragma once

#include "common/release/descriptor.hpp"
#include "common/release/store.hpp"

#include <stop_token>
#include <string>

namespace swarmout {

struct ReleaseHere {
  const Manifest& manifest;
  Path tree{};  ///< empty: it has none, and contents come from its packs
};

/// The release that the delta begins at is whole in the store, and the caller holds the store's lock for writing. What
/// comes out is compared with what was signed: a release that is anything else is not kept. Errors: not_found: the one
/// before is not whole here; refused: the delta is damaged or leads elsewhere, or packs are damaged, which are removed;
/// cannot_write; temporary: stopped.
[[nodiscard]] Result<Manifest> make_by_delta(Store& store, const Descriptor& release, const ReleaseHere& before,
                                             ByteView delta, const std::stop_token& stop);

/// The .torrent of a release that is whole in the store. `certificate`: as for seal_torrent(). Errors: refused: it is
/// not the one that was signed.
[[nodiscard]] Result<std::string> make_torrent(const Store& store, const Descriptor& release, const Manifest& manifest,
                                               const std::string& certificate);

}  // namespace swarmout
