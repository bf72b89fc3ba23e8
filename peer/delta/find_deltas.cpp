#include "peer/delta/find_deltas.hpp"

#include "common/fleet/torrent_on_share.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace swarmout {

namespace {

/// Of the releases that were whole here once; whether they are is seen when they are read.
std::set<Digest> manifests_here(const Store& store) {
  std::set<Digest> manifests;
  for (const SignedDescriptor& each : store.releases().value_or(std::vector<SignedDescriptor>())) {
    manifests.insert(each.descriptor.manifest);
  }
  return manifests;
}

FoundDeltas none(std::string why) {
  return {{}, std::move(why)};
}

}  // namespace

FoundDeltas find_deltas(Share& share, const Store& store, const Descriptor& release, const ReleaseAt& release_at) {
  const std::set<Digest> here = manifests_here(store);
  if (here.empty()) {
    return none("nothing is here yet");
  }
  std::vector<Descriptor> way{release};
  Bytes size = 0;
  while (true) {
    const Descriptor& next = way.back();
    if (!next.delta) {
      return none(fmt::format("release {} has no delta", next.position.value));
    }
    size += next.delta->size;
    if (here.contains(next.delta->before)) {
      break;
    }
    if (way.size() == kMostDeltas || size >= release.packed_size) {
      return none("this host is too far behind for deltas");
    }
    auto before = release_at(next.basis);
    if (!before || before->descriptor.manifest != next.delta->before) {
      return none(fmt::format("release {}, which its delta begins at, is not here", next.basis.value));
    }
    way.push_back(std::move(before->descriptor));
  }
  std::reverse(way.begin(), way.end());
  FoundDeltas found;
  for (const Descriptor& each : way) {
    auto file = delta_on_share(share, each);
    if (!file) {
      return none(file.error().message);
    }
    found.steps.push_back({each, *std::move(file)});
  }
  return found;
}

}  // namespace swarmout
