#include "seeder/steer/reach.hpp"

#include "common/release/descriptor.hpp"

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
    } else if (!record.held_back.empty() && !record.passing) {
      reach.held_back.push_back(fmt::format("{}: {}", shown(record), record.held_back));
    } else {
      const std::string& why = record.held_back.empty() ? record.trouble : record.held_back;
      reach.laggards.push_back(why.empty() ? shown(record) : fmt::format("{}: {}", shown(record), why));
    }
  }
  return reach;
}

namespace {

/// What a later COMMIT says, if that is something else. A share that does not answer says nothing.
std::string overruled(const Said& said, const Descriptor& release) {
  const auto log = said.log.refresh();
  const LogEntry* const last = log ? (*log)->last_commit() : nullptr;
  if (last == nullptr || last->position <= said.commit || last->release == release.position) {
    return "";
  }
  return fmt::format("{} has said at {} that the fleet is to be on {}{}", last->host, last->time,
                     release_title(ReleaseNames{last->release, last->revision}),
                     last->hold.value_or("").empty() ? "" : ": " + *last->hold);
}

}  // namespace

Result<Reach> reach_on(Share& share, const Descriptor& release) {
  TRY_ASSIGN(const WallTime now, share.now());
  TRY_ASSIGN(const auto peers, live_peers(share, 0, now));
  return reach_of(peers, release);
}

Result<Reach> wait_for_laggards(Share& share, Clock& clock, const Said& said, const Descriptor& release,
                                std::chrono::milliseconds patience, const std::stop_token& stop) {
  const MonotonicTime deadline = clock.now() + patience;
  while (true) {
    auto reach = reach_on(share, release);
    if (reach) {
      reach->overruled = overruled(said, release);
    }
    if ((reach && (reach->laggards.empty() || !reach->overruled.empty())) || clock.now() >= deadline) {
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
