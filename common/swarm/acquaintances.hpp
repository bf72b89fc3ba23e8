// Whom a session may talk to, whom it has tried, and who is of the fleet.

#pragma once

#include "common/swarm/dial_book.hpp"
#include "common/swarm/dial_rules.hpp"
#include "common/swarm/fleet_addresses.hpp"

#include <vector>

namespace swarmout {

/// Threads: any; the rules do not change.
struct Acquaintances {
  DialRules rules;
  DialBook book{};
  FleetAddresses fleet{};

  explicit Acquaintances(DialRules talking_to) : rules(std::move(talking_to)) {}

  /// Those that may be dialled, without `own`.
  [[nodiscard]] std::vector<Endpoint> allowed(std::vector<Endpoint> endpoints, const Endpoint& own) const {
    std::erase_if(endpoints, [&](const Endpoint& each) { return each == own || !rules.dials(each); });
    return endpoints;
  }
  /// Of these, those that are worth a try now, which it counts as. Whoever names them is the fleet's.
  [[nodiscard]] std::vector<Endpoint> to_dial(const std::vector<Endpoint>& named, const Endpoint& own,
                                              MonotonicTime now) {
    std::vector<Endpoint> peers = allowed(named, own);
    fleet.name(peers, now);
    std::erase_if(peers, [&](const Endpoint& each) { return !book.dial(each, now); });
    return peers;
  }
};

}  // namespace swarmout
