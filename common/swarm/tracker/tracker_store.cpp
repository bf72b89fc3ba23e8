#include "common/swarm/tracker/tracker_store.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <unordered_set>

namespace swarmout {

namespace {

constexpr std::size_t kPortSize = 2;

std::string address_of(const CompactPeer& peer) {
  return peer.substr(0, peer.size() - kPortSize);
}

}  // namespace

SwarmKey swarm_key(const InfoHash& info_hash) {
  SwarmKey key{};
  std::memcpy(key.data(), info_hash.digest.bytes.data(), key.size());
  return key;
}

CompactPeer compact_peer(const Endpoint& endpoint) {
  const std::string address = endpoint.address.substr(0, endpoint.address.find('%'));  // a zone means nothing elsewhere
  char raw[sizeof(in6_addr)] = {};
  std::size_t size = 0;
  if (::inet_pton(AF_INET, address.c_str(), raw) == 1) {
    size = sizeof(in_addr);
  } else if (::inet_pton(AF_INET6, address.c_str(), raw) == 1) {
    size = sizeof(in6_addr);
  } else {
    return {};
  }
  CompactPeer peer(raw, size);
  peer.push_back(static_cast<char>(endpoint.port >> 8));
  peer.push_back(static_cast<char>(endpoint.port & 0xff));
  return peer;
}

void TrackerStore::serve(const SwarmKey& swarm, CompactPeer seeder) {
  swarms_[swarm].seeder = std::move(seeder);
}

Result<AnnounceAnswer> TrackerStore::announce(const Announcement& said, MonotonicTime now) {
  const auto found = swarms_.find(said.swarm);
  if (found == swarms_.end()) {
    return fail(ErrorCode::not_found, "this tracker does not serve that torrent");
  }
  Swarm& swarm = found->second;
  forget_silent(swarm, now);
  AnnounceAnswer answer;
  answer.interval = interval_for(swarm.peers.size());
  answer.min_interval = answer.interval / 4;
  if (said.event == Announcement::Event::stopped) {
    if (const auto place = swarm.places.find(said.from); place != swarm.places.end()) {
      forget(swarm, place->second);
    }
  } else {
    if (Peer* const peer = note(swarm, said)) {
      peer->heard = now;
      peer->until = now + 2 * answer.interval + std::chrono::seconds(30);  // one announce may get lost
    }
    answer.peers = others(swarm, said);
  }
  const SwarmCounts counted = counts(swarm);
  answer.complete = counted.complete;
  answer.incomplete = counted.incomplete;
  return answer;
}

std::map<SwarmKey, SwarmCounts> TrackerStore::scrape(const std::vector<SwarmKey>& asked, MonotonicTime now) {
  std::map<SwarmKey, SwarmCounts> all;
  for (auto& [key, swarm] : swarms_) {
    if (asked.empty() || std::find(asked.begin(), asked.end(), key) != asked.end()) {
      forget_silent(swarm, now);
      all[key] = counts(swarm);
    }
  }
  return all;
}

std::set<CompactPeer> TrackerStore::whole(const SwarmKey& swarm, MonotonicTime now) {
  std::set<CompactPeer> hosts;
  if (const auto found = swarms_.find(swarm); found != swarms_.end()) {
    forget_silent(found->second, now);
    for (const Peer& peer : found->second.peers) {
      if (peer.complete) {
        hosts.insert(peer.where);
      }
    }
  }
  return hosts;
}

/// Null if there is no room for one more.
TrackerStore::Peer* TrackerStore::note(Swarm& swarm, const Announcement& said) const {
  auto place = swarm.places.find(said.from);
  if (place == swarm.places.end()) {
    const std::string address = address_of(said.from);
    if (const auto ports = swarm.of_address.find(address);
        ports != swarm.of_address.end() && ports->second >= rules_.most_of_an_address) {
      std::optional<std::size_t> oldest;
      for (std::size_t i = 0; i < swarm.peers.size(); ++i) {
        if (address_of(swarm.peers[i].where) == address &&
            (!oldest || swarm.peers[i].heard < swarm.peers[*oldest].heard)) {
          oldest = i;
        }
      }
      forget(swarm, *oldest);
    }
    if (said.from == swarm.seeder || swarm.peers.size() >= rules_.most_peers) {
      return nullptr;
    }
    swarm.peers.push_back({said.from, false, {}, {}});
    ++swarm.of_address[address];
    place = swarm.places.emplace(said.from, swarm.peers.size() - 1).first;
  }
  Peer& peer = swarm.peers[place->second];
  swarm.completed += said.event == Announcement::Event::completed && !peer.complete ? 1 : 0;
  swarm.complete += said.complete ? 1 : 0;
  swarm.complete -= peer.complete ? 1 : 0;
  peer.complete = said.complete;
  return &peer;
}

void TrackerStore::forget(Swarm& swarm, std::size_t place) {
  const std::string address = address_of(swarm.peers[place].where);
  swarm.places.erase(swarm.peers[place].where);
  swarm.complete -= swarm.peers[place].complete ? 1 : 0;
  if (--swarm.of_address[address] == 0) {
    swarm.of_address.erase(address);
  }
  if (place + 1 != swarm.peers.size()) {
    swarm.peers[place] = std::move(swarm.peers.back());
    swarm.places[swarm.peers[place].where] = place;
  }
  swarm.peers.pop_back();
}

void TrackerStore::forget_silent(Swarm& swarm, MonotonicTime now) {
  if (now < swarm.next_sweep) {
    return;
  }
  swarm.next_sweep = now + std::chrono::seconds(1);
  for (std::size_t i = swarm.peers.size(); i-- > 0;) {
    if (swarm.peers[i].until <= now) {
      forget(swarm, i);
    }
  }
}

SwarmCounts TrackerStore::counts(const Swarm& swarm) {
  SwarmCounts counted;
  counted.completed = swarm.completed;
  counted.complete = swarm.complete + 1;  // and the seeder
  counted.incomplete = swarm.peers.size() - swarm.complete;
  return counted;
}

/// With some chance in it: hosts that began in the same second must not go on in step.
std::chrono::seconds TrackerStore::interval_for(std::size_t peers) {
  const auto by_size = static_cast<std::chrono::seconds::rep>(peers / rules_.announces_a_second);
  const auto seconds = std::max<std::chrono::seconds::rep>(rules_.interval.count(), by_size);
  return std::chrono::seconds(seconds * std::uniform_int_distribution<int>(90, 110)(random_) / 100);
}

/// Chosen at random, so that the swarm is well connected; whoever is complete has no use for others that are.
std::vector<CompactPeer> TrackerStore::others(const Swarm& swarm, const Announcement& asker) {
  const std::size_t wanted = std::min(asker.wanted.value_or(rules_.most_named), rules_.most_named);
  std::vector<CompactPeer> chosen;
  if (wanted == 0) {
    return chosen;
  }
  if (!asker.complete && asker.from != swarm.seeder) {
    chosen.push_back(swarm.seeder);
  }
  const auto take = [&](const Peer& peer) {
    if (chosen.size() < wanted && peer.where != asker.from && !(peer.complete && asker.complete)) {
      chosen.push_back(peer.where);
    }
  };
  const std::size_t draws = 4 * wanted;
  if (swarm.peers.size() <= draws) {
    std::vector<const Peer*> all;
    for (const Peer& peer : swarm.peers) {
      all.push_back(&peer);
    }
    std::shuffle(all.begin(), all.end(), random_);
    std::for_each(all.begin(), all.end(), [&](const Peer* peer) { take(*peer); });
    return chosen;
  }
  // Of many, some are drawn: an answer takes as long in a large swarm as in a small one.
  std::unordered_set<std::size_t> drawn;
  std::uniform_int_distribution<std::size_t> any(0, swarm.peers.size() - 1);
  for (std::size_t i = 0; i < draws && chosen.size() < wanted; ++i) {
    if (const std::size_t place = any(random_); drawn.insert(place).second) {
      take(swarm.peers[place]);
    }
  }
  return chosen;
}

}  // namespace swarmout
