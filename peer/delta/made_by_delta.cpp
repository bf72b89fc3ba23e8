#include "peer/delta/made_by_delta.hpp"

#include "common/base/failpoint.hpp"
#include "common/delta/delta_packer.hpp"
#include "common/pack/release_torrent.hpp"
#include "peer/delta/tree_contents.hpp"

#include <fmt/format.h>

#include <optional>

namespace swarmout {

Result<Manifest> make_by_delta(Store& store, const Descriptor& release, const ReleaseHere& before, ByteView delta,
                               const std::stop_token& stop) {
  PackProgress progress;
  PackContents packs(store, before.manifest);
  auto tree = before.tree.empty() ? fail(ErrorCode::not_found, "it has no tree") : TreeWriter::open(before.tree);
  std::optional<TreeFiles> files;
  if (tree) {
    files.emplace(*std::move(tree), before.manifest, packs);
  }
  TreeContents& old = files ? static_cast<TreeContents&>(*files) : packs;
  TRY_ASSIGN(PackedRelease made,
             pack_delta(store, before.manifest, old, delta, release.delta.value().level, progress, stop));
  made.manifest.revision = release.revision;
  const std::string bytes = encode_manifest(made.manifest);
  REFUSE_UNLESS(sha256(bytes) == release.manifest,
                fmt::format("the delta of release {} does not lead to what was signed", release.position.value));
  failpoint("after-delta");
  for (const PackFile& pack : made.packs) {
    TRY(store.add_pack(pack));
  }
  TRY(store.put_manifest(bytes));
  return std::move(made.manifest);
}

Result<std::string> make_torrent(const Store& store, const Descriptor& release, const Manifest& manifest,
                                 const std::string& certificate) {
  TRY_ASSIGN(const std::string bytes, store.manifest_bytes(release.manifest));
  TRY_ASSIGN(ReleaseTorrent made, release_torrent(store, manifest, bytes, certificate));
  REFUSE_UNLESS(
      made.torrent.info_hash == release.info_hash,
      fmt::format("the torrent of release {} comes out otherwise than it was signed", release.position.value));
  return std::move(made.torrent.bytes);
}

}  // namespace swarmout
