#include "common/swarm/dial_rules.hpp"

namespace swarmout {

namespace {

// As kind_of() has them.
constexpr const char* kEverything[] = {"0.0.0.0/0", "::/0"};
constexpr const char* kNoHosts[] = {"0.0.0.0/8", "224.0.0.0/3", "::/128", "ff00::/8"};
constexpr const char* kLoopbacks[] = {"127.0.0.0/8", "::1/128"};
constexpr const char* kLinkLocals[] = {"169.254.0.0/16", "fe80::/10"};

}  // namespace

DialRules::DialRules(const std::optional<AddressSet>& allow, const std::string& listen_address) {
  const auto refuse = [&](const auto& networks) {
    for (const char* const each : networks) {
      rules_.push_back({Network::parse(each).value(), false});
    }
  };
  if (allow) {
    refuse(kEverything);
    for (const Network& each : allow->networks()) {
      rules_.push_back({each, true});
    }
  } else {
    const auto own = ip_bytes(listen_address);
    const AddressKind listening = own ? kind_of(*own) : AddressKind::host;
    if (listening != AddressKind::loopback) {
      refuse(kLoopbacks);
    }
    if (listening != AddressKind::link_local) {
      refuse(kLinkLocals);
    }
  }
  refuse(kNoHosts);
}

bool DialRules::talks_to(const IpBytes& address) const {
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->network.contains(address)) {
      return rule->talks;
    }
  }
  return true;
}

bool DialRules::dials(const Endpoint& endpoint) const {
  const auto address = ip_bytes(endpoint.address);
  return address && endpoint.port >= kLeastPort && talks_to(*address);
}

}  // namespace swarmout
