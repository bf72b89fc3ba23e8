#include "peer/fetch/kept_torrents.hpp"

#include "common/base/failpoint.hpp"
#include "common/base/owner/ownership.hpp"
#include "common/base/remove_tree.hpp"
#include "common/fleet/torrent_on_share.hpp"

#include <spdlog/spdlog.h>

namespace swarmout {

namespace {

std::string torrent_file_name(const InfoHash& info_hash) {
  return info_hash.hex() + ".torrent";
}

}  // namespace

bool KeptTorrents::has(const Descriptor& release) const {
  return path_exists(directory_ / torrent_file_name(release.info_hash));
}

Result<std::string> KeptTorrents::get(const Descriptor& release) {
  const Path file = directory_ / torrent_file_name(release.info_hash);
  if (auto kept = read_file(file, release.torrent_size)) {
    const auto contents = read_torrent(*kept);
    if (contents && contents->info_hash == release.info_hash) {
      return kept;
    }
  }
  auto torrent = torrent_on_share(share_, release);
  if (!torrent && torrent.error().code == ErrorCode::not_found) {
    torrent.error().code = ErrorCode::temporary;  // the next look may find it, or a newer release
  }
  TRY(torrent);
  failpoint("after-torrent");
  keep(release, torrent->bytes);
  return std::move(torrent->bytes);
}

void KeptTorrents::keep(const Descriptor& release, std::string_view torrent) {
  const Path file = directory_ / torrent_file_name(release.info_hash);
  // Only what would be missed while the share is away: a disk that is full will say so where it matters.
  const auto kept = make_directories_for_owner(directory_).and_then([&] {
    return replace_file(file, as_bytes(torrent), 0644, Durability::cached);
  });
  if (!kept) {
    spdlog::debug("not keeping {}: {}", file.native(), to_string(kept.error()));
  }
}

Result<void> KeptTorrents::keep_only(const std::set<InfoHash>& kept) {
  TRY(make_directories_for_owner(directory_));
  TRY_ASSIGN(const auto names, list_directory(directory_));
  std::set<std::string> wanted;
  for (const InfoHash& each : kept) {
    wanted.insert(torrent_file_name(each));
  }
  for (const std::string& name : names) {
    if (!wanted.contains(name)) {
      TRY(remove_tree(directory_ / name));
    }
  }
  return {};
}

}  // namespace swarmout
