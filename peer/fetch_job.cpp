#include "peer/fetch_job.hpp"

#include "common/fleet/leader.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/fleet/log_view.hpp"
#include "common/fleet/registry.hpp"
#include "common/fleet/torrent_on_share.hpp"
#include "common/fleet/trust.hpp"
#include "common/release/signing.hpp"
#include "common/share/open_share.hpp"
#include "peer/fetch/fetch_summary.hpp"
#include "peer/fetch/follow.hpp"
#include "peer/fetch/presence.hpp"
#include "peer/fetch/retrieval.hpp"
#include "peer/own_state.hpp"
#include "peer/tree/release_trees.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>

namespace swarmout {

namespace {

constexpr std::size_t kSearched = 1000;  ///< releases back
constexpr std::size_t kNamed = 5;
constexpr std::size_t kShortestBeginning = 4;

Result<const LogEntry*> find_release(const LogView& log, const std::string& wanted) {
  const auto releases = log.releases(kSearched);
  if (releases.empty()) {
    return fail(ErrorCode::not_found, "nothing is published yet", "run `swarmout seed` on any host");
  }
  if (wanted == "latest") {
    return releases.front();
  }
  const LogEntry* found = nullptr;
  for (const LogEntry* const each : releases) {
    if (each->revision == wanted || std::to_string(each->position.value) == wanted) {
      return each;
    }
  }
  for (const LogEntry* const each : releases) {
    if (wanted.size() >= kShortestBeginning && each->revision.starts_with(wanted)) {
      if (found != nullptr && found->revision != each->revision) {
        return fail(ErrorCode::not_found, fmt::format("\"{}\" is the beginning of more than one revision", wanted));
      }
      found = found == nullptr ? each : found;
    }
  }
  if (found != nullptr) {
    return found;
  }
  std::string newest;
  for (std::size_t i = 0; i < releases.size() && i < kNamed; ++i) {
    newest += (i == 0 ? "" : ", ") + releases[i]->revision;
  }
  return fail(ErrorCode::not_found, fmt::format("no published release has the revision \"{}\"", wanted),
              fmt::format("the newest are: {}", newest));
}

/// Hosts that may have the release: the live peers, the leader, and the one that published it while it still seeds.
struct Holders {
  std::vector<Endpoint> peers;
  std::vector<Endpoint> trackers;
  double line_rate = 0;  ///< the highest of the leaders'; 0: not known
};

Holders holders(Share& share, const LogView& log, Position release) {
  Holders found;
  if (const auto peers = live_peers(share, kPeersAtOnce)) {
    for (const SeenPeer& each : *peers) {
      found.peers.push_back(each.record.endpoint);
    }
  }
  const auto leader = known_leader(share, log);
  auto publisher = publisher_of(share, log, release);
  if (leader && publisher && leader->claim == publisher->claim) {
    publisher.reset();
  }
  for (const auto& each : {leader, publisher}) {
    if (!each || !each->beat) {
      continue;
    }
    const HeartbeatInfo& info = each->beat->info;
    if (info.endpoint) {
      found.peers.push_back(*info.endpoint);
      found.line_rate = std::max(found.line_rate, info.line_rate);
    }
    if (info.tracker) {
      found.trackers.push_back(*info.tracker);
    }
  }
  return found;
}

/// Where the tree is made, and where it ends up.
struct Places {
  Path incoming;
  Path final;
  bool there = false;
};

Result<Places> places_for(const FetchOptions& options, const Descriptor& release) {
  if (!options.to) {
    TRY_ASSIGN(const ReleaseTrees trees, ReleaseTrees::open(options.peer.dest, "fetch"));
    return Places{trees.incoming(release), trees.tree(release), trees.has(release)};
  }
  const Path to = std::filesystem::absolute(*options.to).lexically_normal();
  const Path final = to.has_filename() ? to : to.parent_path();  // "dir/" is "dir"
  const auto names = list_directory(final);
  if (path_exists(final) && (!names || !names->empty())) {
    return fail(ErrorCode::cannot_write, fmt::format("{} exists and is not an empty directory", final.native()),
                "give --to a new directory");
  }
  return Places{final.parent_path() / (".incoming-fetch-" + final.filename().native()), final, false};
}

Result<void> move_into_place(const Places& places) {
  // rename(2) replaces an empty directory, and nothing else
  if (std::rename(places.incoming.c_str(), places.final.c_str()) != 0) {
    return fail_errno("cannot move the tree to", places.final.native(), errno);
  }
  return sync_directory(places.final.parent_path());
}

}  // namespace

Result<Fetched> run_fetch(const FetchOptions& options, Clock& clock, std::stop_token stop,
                          const ProgressReport& progress) {
  const PeerOptions& peer = options.peer;
  TRY_ASSIGN(const auto share, open_share(peer.share, stop));
  TRY_ASSIGN(const VerifyKey key, VerifyKey::load(peer.keys / kPublicKeyFile));
  LogReader reader(*share);
  const bool newest = options.revision == "latest";
  TRY_ASSIGN(const LogView* log, newest ? reader.refresh() : reader.refresh_with_history(kSearched));
  TRY_ASSIGN(const LogEntry* commit, find_release(*log, options.revision));
  TRY_ASSIGN(const SignedDescriptor release, trusted(*commit, key));
  const Descriptor& descriptor = release.descriptor;
  TRY_ASSIGN(const Places places, places_for(options, descriptor));
  if (places.there) {
    return Fetched{places.final, ""};
  }

  TRY_ASSIGN(const Fd lock, own_state(peer.state, "fetch.lock"));
  TRY_ASSIGN(Store store, Store::open(peer.state));
  TRY(store.remove_layouts("fetch", {descriptor.info_hash}));
  TRY_ASSIGN(const auto session, SwarmSession::open(peer.swarm, clock));
  RetrievalGoal goal;
  goal.release = release;
  goal.purpose = "fetch";
  goal.tree = places.incoming;
  TRY_ASSIGN(auto torrent, torrent_on_share(*share, descriptor));
  goal.torrent = std::move(torrent.bytes);
  Holders known = holders(*share, *log, descriptor.position);
  goal.peers = std::move(known.peers);
  goal.trackers = std::move(known.trackers);
  TRY_ASSIGN(const auto retrieval, Retrieval::start(store, *session, std::move(goal)));
  MonotonicTime next_connect = clock.now() + kConnectEvery;
  double line_rate = known.line_rate;
  while (retrieval->state() == Retrieval::State::working) {
    if (stop.stop_requested()) {
      return fail(ErrorCode::temporary, "stopped on request", "what was fetched stays; run it again to go on");
    }
    if (clock.now() >= next_connect) {
      next_connect = clock.now() + kConnectEvery;
      const Holders found = holders(*share, *log, descriptor.position);
      line_rate = std::max(line_rate, found.line_rate);
      session->connect(descriptor.info_hash, found.peers);
    }
    for (const SwarmEvent& event : session->poll(kBusyWait)) {
      retrieval->on_event(event);
    }
    const SwarmStatus swarm = session->status(descriptor.info_hash);
    progress({descriptor.revision, swarm.wanted, swarm.have, descriptor.tree_size, retrieval->unpacked(),
              swarm.download_rate, swarm.connected, swarm.checking});
  }
  if (retrieval->state() == Retrieval::State::failed) {
    return tl::unexpected(retrieval->error());
  }
  TRY(store.record(release));
  TRY(move_into_place(places));
  std::string summary =
      fetch_summary(session->status(descriptor.info_hash), session->transfer(descriptor.info_hash), line_rate);
  session->remove(descriptor.info_hash);
  TRY(store.remove_layouts("fetch"));
  return Fetched{places.final, std::move(summary)};
}

}  // namespace swarmout
