#include "common/fleet/torrent_on_share.hpp"

#include <fmt/format.h>

namespace swarmout {

Result<TorrentOnShare> torrent_on_share(Share& share, const Descriptor& release) {
  TRY_ASSIGN(auto bytes, share.read_blob(torrent_blob(release), release.torrent_size));
  if (!bytes) {
    return fail(ErrorCode::not_found,
                fmt::format("the torrent of release {} is not on {}", release.position.value, share.name()));
  }
  TorrentOnShare torrent;
  torrent.bytes = *std::move(bytes);
  TRY_ASSIGN(torrent.contents, read_torrent(torrent.bytes));
  REFUSE_UNLESS(torrent.contents.info_hash == release.info_hash,
                fmt::format("the torrent of release {} on {} is not the one that was signed", release.position.value,
                            share.name()));
  return torrent;
}

Result<std::string> delta_on_share(Share& share, const Descriptor& release) {
  const DeltaRef& delta = release.delta.value();
  TRY_ASSIGN(auto bytes, share.read_blob(delta_blob(release), delta.file_size));
  if (!bytes) {
    return fail(ErrorCode::not_found,
                fmt::format("the delta of release {} is not on {}", release.position.value, share.name()));
  }
  REFUSE_UNLESS(sha256(*bytes) == delta.file,
                fmt::format("the delta of release {} on {} is not the one that was signed", release.position.value,
                            share.name()));
  return *std::move(bytes);
}

}  // namespace swarmout
