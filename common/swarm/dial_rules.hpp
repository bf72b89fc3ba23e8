// Whom a host talks to at all: the addresses that --allow names, or those that can be hosts.
//
// Records on the share, the leader's tracker and strangers name addresses; what they name is data. A host that
// connected wherever it is told to would be a weapon. See docs/decisions/0046-whom-a-host-connects-to.md.

#pragma once

#include "common/base/endpoint.hpp"
#include "common/base/net/address_set.hpp"

#include <optional>
#include <string>
#include <vector>

namespace swarmout {

/// Ports below belong to other services, and hosts of a fleet need none of them.
inline constexpr std::uint16_t kLeastPort = 1024;

class DialRules {
public:
  /// `allow`: only these, but never what is no host. Without it: unicast addresses; loopback and link-local ones only
  /// for a host that listens on such a one itself.
  DialRules(const std::optional<AddressSet>& allow, const std::string& listen_address);

  /// In both directions.
  [[nodiscard]] bool talks_to(const IpBytes& address) const;
  [[nodiscard]] bool dials(const Endpoint& endpoint) const;

  struct Rule {
    Network network;
    bool talks = false;
  };
  /// The same as a list: the last rule that fits an address holds; none: it is talked to.
  [[nodiscard]] const std::vector<Rule>& rules() const { return rules_; }

private:
  std::vector<Rule> rules_;
};

}  // namespace swarmout
