#include "common/swarm/plugins/connection_shares.hpp"

#include <utility>

namespace swarmout {

void ConnectionShares::joined(Host host, const IpBytes& owner) {
  if (hosts_.emplace(host, owner).second) {
    owners_[owner].insert(host);
  }
}

void ConnectionShares::left(Host host) {
  if (const auto found = hosts_.find(host); found != hosts_.end()) {
    const auto owner = owners_.find(found->second);
    owner->second.erase(host);
    if (owner->second.empty()) {
      owners_.erase(owner);
    }
    hosts_.erase(found);
  }
}

std::size_t ConnectionShares::others(const std::function<bool(const IpBytes&)>& of_fleet) const {
  std::size_t count = 0;
  for (const auto& [owner, hosts] : owners_) {
    count += of_fleet(owner) ? hosts.size() : 1;
  }
  return count;
}

std::optional<ConnectionShares::Host> ConnectionShares::too_many(
    Host newcomer, const std::function<bool(const IpBytes&)>& of_fleet) const {
  const auto found = hosts_.find(newcomer);
  if (found == hosts_.end()) {
    return std::nullopt;
  }
  const std::size_t own = owners_.at(found->second).size();
  if (of_an_address_ > 0 && own > of_an_address_) {
    return newcomer;
  }
  if (hosts_.size() < most_) {
    return std::nullopt;
  }
  using Greed = std::pair<bool, std::size_t>;  // a stranger's, connections
  const Greed newcomers{!of_fleet(found->second), own};
  const std::set<Host>* greediest = nullptr;
  Greed most = newcomers;
  for (const auto& [owner, hosts] : owners_) {
    if (const Greed greed{!of_fleet(owner), hosts.size()}; greed > most) {
      most = greed;
      greediest = &hosts;
    }
  }
  if (greediest != nullptr) {
    return *greediest->rbegin();
  }
  const bool takes_all = own >= kMany && own > most_ / 2;
  return takes_all || hosts_.size() > most_ ? std::optional(newcomer) : std::nullopt;
}

}  // namespace swarmout
