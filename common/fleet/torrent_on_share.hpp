// The .torrent of a release and its delta file, as they lie on the share.

#pragma once

#include "common/release/descriptor.hpp"
#include "common/release/torrent_file.hpp"
#include "common/share/share.hpp"

#include <string>

namespace swarmout {

struct TorrentOnShare {
  std::string bytes;
  TorrentContents contents;
};

/// Reads it and holds it against the descriptor, whose signature the caller has checked. Errors: not_found: it is not
/// there (yet, or any more); refused: what is there is another one, or damaged; else what the share fails with.
[[nodiscard]] Result<TorrentOnShare> torrent_on_share(Share& share, const Descriptor& release);

/// The delta file of a release that has one: the delta, or its .torrent. Errors: likewise.
[[nodiscard]] Result<std::string> delta_on_share(Share& share, const Descriptor& release);

}  // namespace swarmout
