#include "peer/fetch/manifest_fetch.hpp"

#include "common/base/remove_tree.hpp"
#include "peer/fetch/kept_torrents.hpp"

namespace swarmout {

namespace {

Result<std::string> fetch_manifest_into(const FleetAccess& fleet, PartWish& wish, const Path& state,
                                        const std::stop_token& stop, const PartProgress& progress, Bytes& fetched) {
  const Descriptor& release = wish.release.descriptor;
  TRY(remove_tree(wish.directory));
  TRY_ASSIGN(wish.torrent, KeptTorrents(state, fleet.share).get(release));
  TRY_ASSIGN(const Bytes came, fetch_parts_from(fleet, wish, stop, progress));
  fetched += came;
  TRY_ASSIGN(std::string bytes, read_file(wish.directory / kTorrentRoot / kManifestName, kMaxManifestFile));
  REFUSE_UNLESS(sha256(bytes) == release.manifest, "the manifest that was fetched is not the one that was signed");
  return bytes;
}

}  // namespace

Result<std::string> fetch_manifest(const FleetAccess& fleet, const SignedDescriptor& release, const Path& state,
                                   const Path& room, const std::stop_token& stop, const PartProgress& progress,
                                   Bytes& fetched) {
  PartWish wish{release, {}, {{std::string(kManifestName), {{0, release.descriptor.manifest_size}}}}, room};
  auto bytes = fetch_manifest_into(fleet, wish, state, stop, progress, fetched);
  TRY(remove_tree(room));
  return bytes;
}

}  // namespace swarmout
