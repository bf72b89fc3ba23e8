#include "common/swarm/fleet_addresses.hpp"

#include <algorithm>

namespace swarmout {

void FleetAddresses::name(const std::vector<Endpoint>& hosts, MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  for (const Endpoint& each : hosts) {
    if (const auto address = ip_bytes(each.address)) {
      if (named_.size() >= kMost && !named_.contains(*address)) {
        named_.erase(std::min_element(named_.begin(), named_.end(),
                                      [](const auto& one, const auto& other) { return one.second < other.second; }));
      }
      named_[*address] = now;
    }
  }
}

bool FleetAddresses::has(const IpBytes& address, MonotonicTime now) const {
  const std::lock_guard lock(mutex_);
  const auto found = named_.find(address);
  return found != named_.end() && now - found->second < kValid;
}

/// An owner's addresses stand together, and its own stands before all of them.
bool FleetAddresses::has_owner(const IpBytes& owner, MonotonicTime now) const {
  const std::lock_guard lock(mutex_);
  for (auto each = named_.lower_bound(owner); each != named_.end() && owner_of(each->first) == owner; ++each) {
    if (now - each->second < kValid) {
      return true;
    }
  }
  return false;
}

}  // namespace swarmout
