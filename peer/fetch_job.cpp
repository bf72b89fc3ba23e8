#include "peer/fetch_job.hpp"

#include "common/base/failpoint.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/fleet/strays.hpp"
#include "common/fleet/trust.hpp"
#include "common/release/signing.hpp"
#include "common/share/open_share.hpp"
#include "peer/fetch/choose_way.hpp"
#include "peer/fetch/contacts.hpp"
#include "peer/fetch/fetch_summary.hpp"
#include "peer/fetch/find_release.hpp"
#include "peer/fetch/kept_torrents.hpp"
#include "peer/fetch/leaders.hpp"
#include "peer/fetch/presence.hpp"
#include "peer/fetch/retrieval.hpp"
#include "peer/own_state.hpp"
#include "peer/tree/release_trees.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace swarmout {

namespace {

/// Where the tree is made, and where it ends up.
struct Places {
  std::optional<ReleaseTrees> trees;  ///< below DEST
  Path final;                         ///< else this
  bool there = false;
};

Result<Places> places_for(const FetchOptions& options, const Descriptor& release) {
  if (!options.to) {
    TRY_ASSIGN(ReleaseTrees trees, ReleaseTrees::open(options.peer.dest, options.peer.state, kFetchPurpose));
    const Path final = trees.tree(release);
    const bool there = trees.has(release);
    return Places{std::move(trees), final, there};
  }
  const Path to = std::filesystem::absolute(*options.to).lexically_normal();
  const Path final = to.has_filename() ? to : to.parent_path();  // "dir/" is "dir"
  const auto names = list_directory(final);
  if (path_exists(final) && (!names || !names->empty())) {
    return fail(ErrorCode::cannot_write, fmt::format("{} exists and is not an empty directory", final.native()),
                "give --to a new directory");
  }
  return Places{std::nullopt, final, false};
}

/// Of the tree that becomes DIR: what a killed fetch left there is ours.
std::string name_of_own(const Path& final) {
  return "to-" + sha256(final.native()).hex().substr(0, 16);
}

Result<Path> begin_tree(const Places& places, const Path& state, const Descriptor& release) {
  if (places.trees) {
    return places.trees->begin(release);
  }
  const Path parent = places.final.parent_path();
  TRY(make_directories(parent));
  TRY_ASSIGN(const TreeRecords records, TreeRecords::open(state));
  Path incoming = parent / (incoming_of(kFetchPurpose) + places.final.filename().native());
  TreeRecord record;
  record.name = name_of_own(places.final);
  record.manifest = release.manifest;
  record.dest = parent.native();
  TRY(records.make_tree(incoming, std::move(record)));
  return incoming;
}

Result<void> move_into_place(Places& places, const Path& incoming, const Path& state, const Descriptor& release) {
  if (places.trees) {
    return places.trees->accept(release, incoming);
  }
  TRY_ASSIGN(const TreeRecords records, TreeRecords::open(state));
  const auto identity = identity_of(incoming);
  const auto record = identity ? records.find(name_of_own(places.final), *identity) : std::nullopt;
  if (!record) {
    return in_the_way(incoming, "the tree that was unpacked");
  }
  // rename(2) replaces an empty directory, and nothing else
  if (std::rename(incoming.c_str(), places.final.c_str()) != 0) {
    return fail_errno("cannot move the tree to", places.final.native(), errno);
  }
  TRY(records.remove(*record));  // it is the user's from here on
  return sync_directory(places.final.parent_path());
}

/// One that was killed when its tree was in its place already. That is none of the caller's business: nothing is said.
void tidy_after_fetch(const Path& state) {
  const auto lock =
      path_exists(state) ? try_lock(state / lock_of(kFetchPurpose)) : Result<std::optional<Fd>>(std::nullopt);
  if (lock && *lock) {
    Store store = Store::open_to_read(state);
    [[maybe_unused]] const auto tidied =
        store.clear_scratch().and_then([&] { return store.remove_layouts(kFetchPurpose); });
  }
}

}  // namespace

Result<Fetched> run_fetch(const FetchOptions& options, Clock& clock, std::stop_token stop,
                          const ProgressReport& progress) {
  const PeerOptions& peer = options.peer;
  TRY_ASSIGN(const auto share, open_share(peer.share, stop));
  TRY_ASSIGN(const TrustedKeys keys, TrustedKeys::load(peer.keys));
  LogReader reader(*share, keys);
  const bool newest = options.revision == "latest";
  TRY_ASSIGN(const LogView* log, newest ? reader.refresh() : reader.refresh_with_history(kSearchedReleases));
  if (auto strays = log->last_signed() == nullptr ? about_strays(*log, share->name()) : std::nullopt) {
    return tl::unexpected(*std::move(strays));  // all that is there may be of a key that is missing here
  }
  TRY_ASSIGN(const SignedDescriptor release, find_release(*log, options.revision, keys));
  const Descriptor& descriptor = release.descriptor;
  TRY_ASSIGN(Places places, places_for(options, descriptor));
  if (places.there) {
    tidy_after_fetch(peer.state);
    return Fetched{places.final, ""};
  }

  TRY_ASSIGN(const Fd lock, own_state(peer.state, lock_of(kFetchPurpose)));
  TRY_ASSIGN(Store store, Store::open(peer.state));
  TRY(store.clear_scratch());
  TRY(store.remove_layouts(kFetchPurpose, {descriptor.info_hash}));
  TRY(DeltaRooms(peer.state, kFetchPurpose).clear());
  TRY_ASSIGN(const auto session, SwarmSession::open(peer.swarm, clock));
  Presence presence(*share, clock, session->endpoint());  // looks at the others' records, and writes none
  Contacts contacts(*session, presence, clock, [](const Error&) {});
  Leaders known = leaders(*share, *log, descriptor.position, keys);
  RetrievalGoal goal;
  goal.release = release;
  goal.purpose = kFetchPurpose;
  KeptTorrents torrents(peer.state, *share);
  const auto in_log = [&](Position position) -> Result<SignedDescriptor> {
    const LogEntry* const entry = log->at(position);
    return entry != nullptr ? trusted(*entry, keys) : fail(ErrorCode::not_found, "it is not in the log");
  };
  TRY(choose_way(goal, torrents, store, *share, in_log, peer.swarm));
  TRY_ASSIGN(goal.tree, begin_tree(places, peer.state, descriptor));
  goal.peers = contacts.peers(known.known);
  if (known.another) {
    goal.peers.push_back(*known.another);
  }
  goal.trackers = Contacts::trackers(known.known);
  const Path incoming = goal.tree;
  session->expect(presence.fleet());
  TRY_ASSIGN(const auto retrieval, Retrieval::start(store, *session, std::move(goal)));
  MonotonicTime next_look = clock.now() + kConnectEvery;
  while (retrieval->at_work()) {
    if (stop.stop_requested()) {
      return fail(ErrorCode::temporary, "stopped on request", "what was fetched stays; run it again to go on");
    }
    for (const SwarmEvent& event : session->poll(kBusyWait)) {
      retrieval->on_event(event);
    }
    retrieval->tick(clock.now());
    const SwarmStatus swarm = session->status(retrieval->swarm());
    if (clock.now() >= next_look) {  // the leader's rate, and where it serves if that was not known yet
      next_look = clock.now() + kConnectEvery;
      const double rate = known.known.leader_rate;
      known = leaders(*share, *log, descriptor.position, keys);
      known.known.leader_rate = std::max(rate, known.known.leader_rate);
    }
    contacts.connect(retrieval->swarm(), known.known);
    progress({descriptor.revision, swarm.wanted, swarm.have, descriptor.tree_size, retrieval->unpacked(),
              swarm.download_rate, swarm.connected, swarm.checking});
  }
  if (retrieval->state() == Retrieval::State::failed) {
    return tl::unexpected(retrieval->error());
  }
  TRY(store.record(release));
  failpoint("before-placed");
  TRY(move_into_place(places, incoming, peer.state, descriptor));
  failpoint("after-placed");
  std::string summary = retrieval->by_deltas() ? "by deltas of " + size_text(retrieval->delta_bytes()) + " together"
                                               : fetch_summary(*session, descriptor.info_hash, known.known.leader_rate);
  session->remove(descriptor.info_hash);
  TRY(store.remove_layouts(kFetchPurpose));
  TRY(DeltaRooms(peer.state, kFetchPurpose).clear());
  return Fetched{places.final, std::move(summary)};
}

}  // namespace swarmout
