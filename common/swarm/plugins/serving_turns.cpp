#include "common/swarm/plugins/serving_turns.hpp"

#include <algorithm>

namespace swarmout {

void ServingTurns::joined(Host host, const IpBytes& owner) {
  if (hosts_.emplace(host, owner).second) {
    ++owners_[owner].connections;
  }
}

void ServingTurns::left(Host host) {
  const auto found = hosts_.find(host);
  if (found == hosts_.end()) {
    return;
  }
  const auto owner = owners_.find(found->second);
  owner->second.turns.erase(host);
  std::erase(owner->second.waiting, host);
  if (--owner->second.connections == 0) {
    owners_.erase(owner);
  }
  hosts_.erase(found);
}

bool ServingTurns::asked(Host host, MonotonicTime now) {
  const auto found = hosts_.find(host);
  if (found == hosts_.end()) {
    return true;
  }
  note(found->second, now);
  if (!others_ask(found->second, now)) {
    return true;
  }
  Owner& owner = owners_[found->second];
  if (!has_turn(owner, host, now)) {
    return false;
  }
  if (const auto turn = owner.turns.find(host); turn != owner.turns.end()) {
    turn->second.asked = now;
  }
  return true;
}

bool ServingTurns::may_ask(Host host, MonotonicTime now) {
  const auto found = hosts_.find(host);
  return found == hosts_.end() || !others_ask(found->second, now) || has_turn(owners_[found->second], host, now);
}

bool ServingTurns::others_ask(const IpBytes& owner, MonotonicTime now) const {
  const Asking& other = last_.owner == owner ? before_ : last_;
  return other.when && now - *other.when < kWants;
}

void ServingTurns::note(const IpBytes& owner, MonotonicTime now) {
  if (last_.when && last_.owner != owner) {
    before_ = last_;
  }
  last_ = {owner, now};
}

/// Gives it one if there is one to be given and it is the next that waits; else it waits.
bool ServingTurns::has_turn(Owner& owner, Host host, MonotonicTime now) {
  if (owner.connections <= kAtATime) {
    return true;
  }
  std::erase_if(owner.turns, [&](const auto& each) {
    const Turn& turn = each.second;
    return now - turn.asked >= kWants || (now - turn.since >= kTurn && !owner.waiting.empty());
  });
  if (owner.turns.contains(host)) {
    return true;
  }
  if (std::find(owner.waiting.begin(), owner.waiting.end(), host) == owner.waiting.end()) {
    owner.waiting.push_back(host);
  }
  const auto place = std::find(owner.waiting.begin(), owner.waiting.end(), host) - owner.waiting.begin();
  if (owner.turns.size() + static_cast<std::size_t>(place) >= kAtATime) {
    return false;
  }
  owner.waiting.erase(owner.waiting.begin() + place);
  owner.turns[host] = {now, now};
  return true;
}

}  // namespace swarmout
