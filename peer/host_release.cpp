#include "peer/host_release.hpp"

#include "common/release/store.hpp"
#include "peer/orders.hpp"
#include "peer/tree/release_trees.hpp"

#include <algorithm>

namespace swarmout {

Result<HostReleases> releases_of_host(const Path& state, const Path& dest, const TrustedKeys& keys) {
  TRY_ASSIGN(const Store store, Store::open(state));
  TRY_ASSIGN(const ReleaseTrees trees, ReleaseTrees::open(dest, state));
  HostReleases releases;
  TRY_ASSIGN(releases.here, store.releases());
  std::erase_if(releases.here,
                [&](const SignedDescriptor& each) { return !keys.verify(each.text, each.signature).has_value(); });
  for (const SignedDescriptor& each : releases.here) {
    if (trees.is_current(each.descriptor)) {
      releases.active = each;
    }
  }
  return releases;
}

std::optional<SignedDescriptor> release_of_host(const HostReleases& releases, const std::string& wanted) {
  const auto& here = releases.here;
  if (!wanted.empty()) {
    const GoOnce order{wanted, false, {}, {}};
    const auto found = std::find_if(here.begin(), here.end(),
                                    [&](const SignedDescriptor& each) { return is_for(order, each.descriptor); });
    return found == here.end() ? std::nullopt : std::optional(*found);
  }
  const auto active = std::find_if(here.begin(), here.end(), [&](const SignedDescriptor& each) {
    return releases.active && digest_of(each) == digest_of(*releases.active);
  });
  return active == here.end() || active + 1 == here.end() ? std::nullopt : std::optional(*(active + 1));
}

}  // namespace swarmout
