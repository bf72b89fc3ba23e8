// Which hosts are in which swarm: what a tracker remembers, and whom it names to whom.
//
// Pure: time and chance come in, nothing of a network does. Why there is a tracker, and its rules:
// docs/decisions/0016-tracker-at-the-leader.md.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/endpoint.hpp"
#include "common/base/result.hpp"
#include "common/release/torrent_file.hpp"

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace swarmout {

/// What a swarm is called in announces: 20 bytes. Of a v2 torrent, the beginning of its info-hash (BEP 52).
using SwarmKey = std::array<char, 20>;
[[nodiscard]] SwarmKey swarm_key(const InfoHash& info_hash);

/// Address and port as they travel (BEP 23, BEP 7): 4 or 16 bytes and 2, network order.
using CompactPeer = std::string;
/// Empty if the address is not numeric.
[[nodiscard]] CompactPeer compact_peer(const Endpoint& endpoint);

struct Announcement {
  enum class Event { regular, started, completed, stopped };
  SwarmKey swarm{};
  CompactPeer from;
  Event event = Event::regular;
  bool complete = false;              ///< has nothing left to fetch
  std::optional<std::size_t> wanted;  ///< peers to be named
};

struct AnnounceAnswer {
  std::chrono::seconds interval{};      ///< until the next announce
  std::chrono::seconds min_interval{};  ///< not sooner than this
  std::uint64_t complete = 0;
  std::uint64_t incomplete = 0;
  std::vector<CompactPeer> peers;
};

struct SwarmCounts {
  std::uint64_t complete = 0;
  std::uint64_t incomplete = 0;
  std::uint64_t completed = 0;  ///< so often a host became complete
};

struct TrackerRules {
  std::chrono::seconds interval{60};     ///< between the announces of a host
  std::size_t announces_a_second = 20;   ///< in large swarms the interval grows, so that there are no more than these
  std::size_t most_named = 50;           ///< peers in one answer
  std::size_t most_peers = 20'000;       ///< of a swarm; further hosts are answered, and not named to others
  std::size_t most_of_an_address = 128;  ///< ports; one more replaces the one heard of longest ago
};

/// One thread at a time.
class TrackerStore {
public:
  explicit TrackerStore(const TrackerRules& rules = {}, std::uint32_t seed = 1) : rules_(rules), random_(seed) {}

  /// From now on this swarm is tracked. `seeder` is in it for good, without announcing.
  void serve(const SwarmKey& swarm, CompactPeer seeder);

  /// Notes the host, and names others to it. Errors: not_found, for a swarm that is not served.
  [[nodiscard]] Result<AnnounceAnswer> announce(const Announcement& said, MonotonicTime now);

  /// Hosts of this swarm that have it all, without the seeder.
  [[nodiscard]] std::set<CompactPeer> whole(const SwarmKey& swarm, MonotonicTime now);

  /// Swarms that are served; all of them if none is asked for.
  [[nodiscard]] std::map<SwarmKey, SwarmCounts> scrape(const std::vector<SwarmKey>& asked, MonotonicTime now);

private:
  struct Peer {
    CompactPeer where;
    bool complete = false;
    MonotonicTime heard{};
    MonotonicTime until{};  ///< forgotten, if nothing is heard of it before
  };
  struct Swarm {
    CompactPeer seeder;
    std::vector<Peer> peers;
    std::unordered_map<CompactPeer, std::size_t> places;  ///< in `peers`
    std::unordered_map<std::string, std::size_t> of_address;
    std::uint64_t complete = 0;  ///< of `peers`
    std::uint64_t completed = 0;
    MonotonicTime next_sweep{};
  };

  static void forget(Swarm& swarm, std::size_t place);
  static void forget_silent(Swarm& swarm, MonotonicTime now);
  static SwarmCounts counts(const Swarm& swarm);
  Peer* note(Swarm& swarm, const Announcement& said) const;
  std::chrono::seconds interval_for(std::size_t peers);
  std::vector<CompactPeer> others(const Swarm& swarm, const Announcement& asker);

  TrackerRules rules_;
  std::minstd_rand random_;
  std::map<SwarmKey, Swarm> swarms_;
};

}  // namespace swarmout
