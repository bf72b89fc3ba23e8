#include "seeder/basis.hpp"

#include <spdlog/spdlog.h>

namespace swarmout {

std::optional<Basis> newest_basis(const Store& store) {
  const auto releases = store.releases();
  if (!releases || releases->empty()) {
    return std::nullopt;
  }
  const Descriptor& newest = releases->front().descriptor;
  const auto bytes = store.manifest_bytes(newest.manifest);
  auto manifest = bytes ? decode_manifest(*bytes) : tl::unexpected(bytes.error());
  if (!manifest) {
    spdlog::warn("not packing against release {}: {}", newest.position.value, to_string(manifest.error()));
    return std::nullopt;
  }
  for (const PackInfo& pack : manifest->packs) {
    if (!store.has_pack(pack.root, pack.size)) {
      spdlog::warn("not packing against release {}: a pack of it is not on this host", newest.position.value);
      return std::nullopt;
    }
  }
  return Basis{newest.position, *std::move(manifest)};
}

}  // namespace swarmout
