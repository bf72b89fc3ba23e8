// The addresses at which the fleet's own records say that hosts are: whose word counts, and who has a place before
// strangers have.
//
// Threads: any.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/endpoint.hpp"
#include "common/base/net/address_set.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <vector>

namespace swarmout {

class FleetAddresses {
public:
  /// Since a record last named it. The leader reads all of them every few seconds; others some, now and then.
  static constexpr std::chrono::minutes kValid{10};
  /// Above the largest fleet; then those that were named longest ago are forgotten.
  static constexpr std::size_t kMost = 20'000;

  void name(const std::vector<Endpoint>& hosts, MonotonicTime now);
  /// The address itself: that host's word counts.
  [[nodiscard]] bool has(const IpBytes& address, MonotonicTime now) const;
  /// Or one that has the same owner.
  [[nodiscard]] bool has_owner(const IpBytes& owner, MonotonicTime now) const;

private:
  mutable std::mutex mutex_;
  std::map<IpBytes, MonotonicTime> named_;
};

}  // namespace swarmout
