#include "seeder/pack/basis.hpp"

#include "seeder/pack/pack_checks.hpp"

#include <spdlog/spdlog.h>

namespace swarmout {

namespace {

template <typename Check>
Result<Manifest> manifest_with_packs(const Store& store, const Descriptor& release, const Check& check) {
  TRY_ASSIGN(const std::string bytes, store.manifest_bytes(release.manifest));
  TRY_ASSIGN(Manifest manifest, decode_manifest(bytes));
  for (const PackInfo& pack : manifest.packs) {
    TRY_ASSIGN(const bool whole, check(pack));
    if (!whole) {
      return fail(ErrorCode::not_found, "a pack of it is not on this host");
    }
  }
  return manifest;
}

}  // namespace

Result<Manifest> whole_manifest(Store& store, const Descriptor& release) {
  return manifest_with_packs(store, release,
                             [&](const PackInfo& pack) { return store.check_pack(pack.root, pack.size); });
}

std::optional<Basis> newest_basis(Store& store, WallTime now) {
  const auto releases = store.releases();
  if (!releases) {
    spdlog::warn("packing everything anew: {}", to_string(releases.error()));
    return std::nullopt;
  }
  PackChecks checks(store, now);
  const auto check = [&](const PackInfo& pack) { return checks.whole(pack.root, pack.size); };
  for (const SignedDescriptor& release : *releases) {
    if (auto manifest = manifest_with_packs(store, release.descriptor, check)) {
      checks.keep();
      return Basis{release.descriptor.position, *std::move(manifest)};
    } else {
      spdlog::warn("not packing against release {}: {}", release.descriptor.position.value,
                   to_string(manifest.error()));
    }
  }
  return std::nullopt;
}

}  // namespace swarmout
