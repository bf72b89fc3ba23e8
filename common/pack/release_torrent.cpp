#include "common/pack/release_torrent.hpp"

namespace swarmout {

Result<ReleaseTorrent> release_torrent(const Store& store, const Manifest& manifest, std::string_view bytes,
                                       const std::string& certificate) {
  LeafHasher of_manifest;
  of_manifest.update(as_bytes(bytes));
  std::vector<TorrentInput> files;
  files.push_back({std::string(kManifestName), bytes.size(), of_manifest.finish()});
  ReleaseTorrent made;
  made.packed_size = bytes.size();
  for (const PackInfo& pack : manifest.packs) {
    TRY_ASSIGN(LeafHashes leaves, store.leaves_of(pack.root));
    files.push_back({pack_name(pack.root), pack.size, std::move(leaves)});
    made.packed_size += pack.size;
  }
  TRY_ASSIGN(made.torrent, seal_torrent(std::move(files), piece_length_for(made.packed_size), certificate));
  return made;
}

}  // namespace swarmout
