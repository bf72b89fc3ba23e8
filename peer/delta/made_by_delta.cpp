#include "peer/delta/made_by_delta.hpp"

#include "common/base/failpoint.hpp"
#include "common/delta/delta_packer.hpp"
#include "common/pack/release_torrent.hpp"
#include "peer/delta/tree_contents.hpp"

#include <fmt/format.h>

#include <optional>

namespace swarmout {

namespace {

/// Whatever is damaged is removed, so that it is fetched again with the packs.
Result<void> drop_damaged(Store& store, const Manifest& manifest) {
  for (const PackInfo& pack : manifest.packs) {
    TRY(store.check_pack(pack.root, pack.size));
  }
  return {};
}

}  // namespace

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
  auto applied = pack_delta(store, before.manifest, old, delta, release.delta.value().level, progress, stop);
  if (!applied && applied.error().code == ErrorCode::refused) {
    TRY(drop_damaged(store, before.manifest));  // it may be these, not the delta
  }
  TRY_ASSIGN(PackedRelease made, std::move(applied));
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
