#include "seeder/seal.hpp"

#include "common/base/key_values.hpp"
#include "common/pack/release_torrent.hpp"
#include "common/share/share.hpp"
#include "seeder/source/open_source.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

/// The tag or branch that was asked for, if any.
std::string asked_name(const SealInput& input, const std::string& revision) {
  if (input.source.starts_with("svn+")) {
    return {};  // its revisions are numbers, which a person would take for those of releases
  }
  const std::size_t hash = place_of_revision(input.source);
  const std::string asked = !input.asked.empty()        ? input.asked
                            : hash == std::string::npos ? std::string()
                                                        : input.source.substr(hash + 1);
  const std::string name = short_ref(asked);
  return revision.starts_with(name) ? std::string() : name;
}

}  // namespace

Result<Draft> draft(SealInput input, Store& store) {
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

  TRY_ASSIGN(ReleaseTorrent made, release_torrent(store, manifest, manifest_bytes, input.certificate));
  SealedTorrent& torrent = made.torrent;
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
  descriptor.packed_size = made.packed_size;
  descriptor.tree_size = manifest.tree_size();
  descriptor.files = manifest.nodes.size();
  descriptor.basis = input.basis;
  descriptor.clone_limits = input.clone_limits;
  return Draft{std::move(descriptor), std::move(manifest), std::move(torrent.bytes)};
}

Result<SealedRelease> seal(Draft draft, std::optional<ReleaseDelta> delta, const Signer& signer) {
  draft.descriptor.delta = delta ? std::optional(delta->ref) : std::nullopt;
  TRY_ASSIGN(SignedDescriptor release, sign(std::move(draft.descriptor), signer));
  return SealedRelease{std::move(release), std::move(draft.torrent), std::move(delta)};
}

Result<SealedRelease> seal(SealInput input, Store& store, const Signer& signer) {
  TRY_ASSIGN(Draft made, draft(std::move(input), store));
  return seal(std::move(made), std::nullopt, signer);
}

}  // namespace swarmout
