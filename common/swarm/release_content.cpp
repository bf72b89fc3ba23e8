#include "common/swarm/release_content.hpp"

#include <fmt/format.h>

namespace swarmout {

Result<SwarmContent> release_content(Store& store, const Descriptor& release, std::string torrent,
                                     std::string_view purpose) {
  TRY_ASSIGN(const TorrentContents contents, read_torrent(torrent));
  REFUSE_UNLESS(contents.info_hash == release.info_hash,
                fmt::format("the torrent of release {} is not the one that was signed", release.position.value));
  SwarmContent content;
  content.torrent = std::move(torrent);
  TRY_ASSIGN(content.directory, store.lay_out(purpose, contents, release.manifest, content.complete));
  if (content.complete.size() != contents.files.size()) {
    return fail(
        ErrorCode::not_found,
        fmt::format("release {} is not whole on this host: {} of its {} files are missing", release.position.value,
                    contents.files.size() - content.complete.size(), contents.files.size()));
  }
  return content;
}

}  // namespace swarmout
