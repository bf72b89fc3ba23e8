#include "seeder/seal.hpp"

#include "common/base/key_values.hpp"
#include "common/release/torrent_file.hpp"
#include "common/share/share.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

LeafHashes leaves_in_memory(std::string_view bytes) {
  LeafHasher hasher;
  hasher.update(as_bytes(bytes));
  return hasher.finish();
}

/// The tag or branch that was asked for, if any.
std::string asked_name(const SealInput& input, const std::string& revision) {
  const std::size_t hash = input.source.starts_with("git+") ? input.source.rfind('#') : std::string::npos;
  const std::string asked = !input.asked.empty()        ? input.asked
                            : hash == std::string::npos ? std::string()
                                                        : input.source.substr(hash + 1);
  const std::string name = short_ref(asked);
  return revision.starts_with(name) ? std::string() : name;
}

}  // namespace

Result<SealedRelease> seal(SealInput input, Store& store, const Signer& signer) {
  Manifest& manifest = input.packed.manifest;
  manifest.revision = !input.revision.empty() ? input.revision : "t-" + manifest.tree_digest().hex().substr(0, 16);
  REFUSE_UNLESS(
      manifest.revision.size() <= kMaxRevision,
      fmt::format("the name of the revision has {} bytes, more than {}", manifest.revision.size(), kMaxRevision));
  REFUSE_UNLESS(printable(manifest.revision) == manifest.revision, "the name of the revision has control characters");
  // Durable in this order: packs, manifest, and only then anything that names them.
  for (const PackFile& pack : input.packed.packs) {
    TRY(store.add_pack(pack));
  }
  TRY(sync_directory(store.state() / "packs"));
  const std::string manifest_bytes = encode_manifest(manifest);
  // What readers would refuse must not be published.
  TRY(decode_manifest(manifest_bytes).map_error([](Error error) {
    error.message = fmt::format("the tree is too large for one release: {}", error.message);
    return error;
  }));
  REFUSE_UNLESS(manifest_bytes.size() <= kMaxManifestFile, "the tree has too many files for one release");
  TRY(store.put_manifest(manifest_bytes));

  std::vector<TorrentInput> files;
  files.push_back({std::string(kManifestName), manifest_bytes.size(), leaves_in_memory(manifest_bytes)});
  Bytes packed_size = manifest_bytes.size();
  for (const PackInfo& pack : manifest.packs) {
    TRY_ASSIGN(LeafHashes leaves, store.leaves_of(pack.root));
    files.push_back({pack_name(pack.root), pack.size, std::move(leaves)});
    packed_size += pack.size;
  }
  TRY_ASSIGN(SealedTorrent torrent, seal_torrent(std::move(files), piece_length_for(packed_size), input.certificate));
  REFUSE_UNLESS(torrent.bytes.size() <= kMaxTorrentFile,
                "the release is too large: its torrent does not fit on the share");

  Descriptor descriptor;
  descriptor.position = input.position;
  descriptor.revision = manifest.revision;
  descriptor.name = asked_name(input, manifest.revision);
  descriptor.source = input.source.substr(0, kMaxSource);
  descriptor.created = input.created;
  descriptor.info_hash = torrent.info_hash;
  descriptor.manifest = sha256(manifest_bytes);
  descriptor.manifest_size = manifest_bytes.size();
  descriptor.torrent_size = torrent.bytes.size();
  descriptor.packed_size = packed_size;
  descriptor.tree_size = manifest.tree_size();
  descriptor.files = manifest.nodes.size();
  descriptor.basis = input.basis;
  descriptor.clone_limits = input.clone_limits;
  TRY_ASSIGN(SignedDescriptor release, sign(std::move(descriptor), signer));
  return SealedRelease{std::move(release), std::move(torrent.bytes)};
}

}  // namespace swarmout
