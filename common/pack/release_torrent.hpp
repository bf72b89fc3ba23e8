// The torrent of a release whose packs and manifest are in the store, from their leaves: nothing is read. Every host
// that has them makes the same.

#pragma once

#include "common/release/manifest.hpp"
#include "common/release/store.hpp"
#include "common/release/torrent_file.hpp"

#include <string>
#include <string_view>

namespace swarmout {

struct ReleaseTorrent {
  SealedTorrent torrent;
  Bytes packed_size = 0;  ///< of all its files
};

/// `bytes`: the manifest, encoded. `certificate`: as for seal_torrent(). Errors: refused: a pack is damaged, or there
/// is too much for one torrent; not_found: a pack is missing.
[[nodiscard]] Result<ReleaseTorrent> release_torrent(const Store& store, const Manifest& manifest,
                                                     std::string_view bytes, const std::string& certificate);

}  // namespace swarmout
