#include "common/pack/release_torrent.hpp"

#include <numeric>

namespace swarmout {

Result<ReleaseTorrent> release_torrent(const Store& store, const Manifest& manifest, std::string_view bytes,
                                       const std::string& certificate) {
  LeafHasher of_manifest;
  of_manifest.update(as_bytes(bytes));
  ReleaseTorrent made;
  made.packed_size = std::accumulate(manifest.packs.begin(), manifest.packs.end(), Bytes{bytes.size()},
                                     [](Bytes sum, const PackInfo& pack) { return sum + pack.size; });
  const Bytes piece_length = piece_length_for(made.packed_size);
  std::vector<TorrentInput> files;
  files.push_back({std::string(kManifestName), bytes.size(), of_manifest.finish()});
  for (const PackInfo& pack : manifest.packs) {
    TRY_ASSIGN(const LeafHashes leaves, store.leaves_of(pack.root));
    files.push_back({pack_name(pack.root), pack.size, {}, piece_layer(leaves, piece_length)});
  }
  TRY_ASSIGN(made.torrent, seal_torrent(std::move(files), piece_length, certificate));
  return made;
}

}  // namespace swarmout
