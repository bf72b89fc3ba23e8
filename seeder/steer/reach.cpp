#include "seeder/steer/reach.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace swarmout {

namespace {

constexpr std::size_t kNamedHostsAtMost = 10;
/// The records of a thousand hosts are a few megabytes; a host that switches writes its own at once.
constexpr std::chrono::milliseconds kBetweenLooks{250};

std::string shown(const PeerRecord& record) {
  return fmt::format("{} ({})", record.host, to_string(record.endpoint));
}

bool has_whole(const PeerRecord& record, const Descriptor& release) {
  return record.has_all_of(release) ||
         std::find(record.holds.begin(), record.holds.end(), release.position) != record.holds.end();
}

}  // namespace

Reach reach_of(const std::vector<SeenPeer>& peers, const Descriptor& release) {
  Reach reach;
  reach.live = peers.size();
  for (const SeenPeer& peer : peers) {
    const PeerRecord& record = peer.record;
    if (has_whole(record, release)) {
      reach.has.push_back(shown(record));
    }
    if (record.is_active_on(release)) {
      reach.on.push_back(shown(record));
    } else if (!record.held_back.empty()) {
      reach.held_back.push_back(fmt::format("{}: {}", shown(record), record.held_back));
    } else {
      reach.laggards.push_back(record.trouble.empty() ? shown(record)
                                                      : fmt::format("{}: {}", shown(record), record.trouble));
    }
  }
  return reach;
}

Result<Reach> reach_on(Share& share, const Descriptor& release) {
  TRY_ASSIGN(const WallTime now, share.now());
  TRY_ASSIGN(const auto peers, live_peers(share, 0, now));
  return reach_of(peers, release);
}

Result<Reach> wait_for_laggards(Share& share, Clock& clock, const Descriptor& release,
                                std::chrono::milliseconds patience, const std::stop_token& stop) {
  const MonotonicTime deadline = clock.now() + patience;
  while (true) {
    auto reach = reach_on(share, release);
    if ((reach && reach->laggards.empty()) || clock.now() >= deadline) {
      return reach;
    }
    if (!clock.sleep(share_interval(reach ? reach->live : 0, kBetweenLooks, std::chrono::seconds(5)), stop)) {
      return fail(ErrorCode::temporary, "stopped on request");
    }
  }
}

std::string some_of(const std::vector<std::string>& hosts) {
  std::string text;
  for (std::size_t i = 0; i < hosts.size() && i < kNamedHostsAtMost; ++i) {
    text += (i == 0 ? "" : ", ") + hosts[i];
  }
  return hosts.size() <= kNamedHostsAtMost ? text
                                           : fmt::format("{} and {} more", text, hosts.size() - kNamedHostsAtMost);
}

}  // namespace swarmout
