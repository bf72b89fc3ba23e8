#include "seeder/pack/basis.hpp"

#include <spdlog/spdlog.h>

namespace swarmout {

Result<Manifest> whole_manifest(Store& store, const Descriptor& release) {
  TRY_ASSIGN(const std::string bytes, store.manifest_bytes(release.manifest));
  TRY_ASSIGN(Manifest manifest, decode_manifest(bytes));
  for (const PackInfo& pack : manifest.packs) {
    TRY_ASSIGN(const bool whole, store.check_pack(pack.root, pack.size));
    if (!whole) {
      return fail(ErrorCode::not_found, "a pack of it is not on this host");
    }
  }
  return manifest;
}

std::optional<Basis> newest_basis(Store& store) {
  const auto releases = store.releases();
  if (!releases) {
    spdlog::warn("packing everything anew: {}", to_string(releases.error()));
    return std::nullopt;
  }
  for (const SignedDescriptor& release : *releases) {
    if (auto manifest = whole_manifest(store, release.descriptor)) {
      return Basis{release.descriptor.position, *std::move(manifest)};
    } else {
      spdlog::warn("not packing against release {}: {}", release.descriptor.position.value,
                   to_string(manifest.error()));
    }
  }
  return std::nullopt;
}

}  // namespace swarmout
