#include "common/archive/members.hpp"

#include <algorithm>

namespace swarmout {

std::string member_name(std::string_view name) {
  return std::string(kArchiveFolder) + std::string(name);
}

std::vector<ListedPack> packs_in_order(const Manifest& manifest) {
  std::vector<ListedPack> packs;
  packs.reserve(manifest.packs.size());
  for (const PackInfo& each : manifest.packs) {
    packs.push_back({each.root, each.size});
  }
  std::sort(packs.begin(), packs.end(), [](const ListedPack& a, const ListedPack& b) { return a.root < b.root; });
  const auto same = [](const ListedPack& a, const ListedPack& b) { return a.root == b.root; };
  packs.erase(std::unique(packs.begin(), packs.end(), same), packs.end());
  return packs;
}

}  // namespace swarmout
