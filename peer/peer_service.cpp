#include "peer/peer_service.hpp"

#include "common/base/duration.hpp"
#include "common/base/failpoint.hpp"
#include "common/fleet/peer_record.hpp"
#include "common/fleet/torrent_on_share.hpp"
#include "common/share/open_share.hpp"
#include "peer/fetch/contacts.hpp"
#include "peer/fetch/fetch_summary.hpp"
#include "peer/fetch/follow.hpp"
#include "peer/fetch/kept_releases.hpp"
#include "peer/fetch/presence.hpp"
#include "peer/fetch/retrieval.hpp"
#include "peer/own_state.hpp"
#include "peer/tree/release_trees.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <spdlog/spdlog.h>

#include <charconv>
#include <random>

namespace swarmout {

namespace {

constexpr auto kRetryAfter = std::chrono::seconds(5);
constexpr auto kIdleWait = std::chrono::milliseconds(500);
constexpr auto kTrimEvery = std::chrono::seconds(15);
constexpr unsigned kAttempts = 3;  ///< with --once

class Service {
public:
  Service(const PeerOptions& options, Clock& clock, Share& share, VerifyKey key, Store store, ReleaseTrees trees,
          std::unique_ptr<SwarmSession> session, Position seen, const Narrator& narrate, const ProgressReport& progress)
      : options_(options),
        clock_(clock),
        share_(share),
        key_(key),
        store_(std::move(store)),
        trees_(std::move(trees)),
        session_(std::move(session)),
        follower_(share_, key_, seen),
        presence_(share_, clock_, session_->endpoint()),
        contacts_(*session_, presence_, clock_, [this](const Error& error) { complain(error); }),
        kept_(store_, *session_),
        narrate_(narrate),
        progress_(progress) {}

  Result<void> run(std::stop_token stop) {
    serve_kept_releases();
    while (!stop.stop_requested()) {
      look();
      choose();
      if (const Descriptor* const now = shown()) {
        contacts_.announce(now->info_hash, wanted_);
      }
      TRY(advance());
      if (options_.once && done_) {
        return {};
      }
      if (fetching()) {
        contacts_.connect(retrieval_->descriptor().info_hash, wanted_);
      }
      tell();
      for (const SwarmEvent& event : session_->poll(wanted_.in_progress || fetching() ? kBusyWait : kIdleWait)) {
        take(event);
      }
      give_memory_back();
    }
    return options_.once ? Result<void>(fail(ErrorCode::temporary, "stopped on request")) : Result<void>();
  }

private:
  void complain(const Error& error) {
    // A share that is away for an hour is one line in the journal, not 1,800.
    if (error.message != trouble_) {
      spdlog::warn("{}", to_string(error));
      trouble_ = error.message;
    }
  }

  bool fetching() const { return retrieval_ && retrieval_->state() == Retrieval::State::working; }

  /// The C library keeps what buffers of transfers had: 50 MB after a release of 64 MB, 4 MB with this.
  void give_memory_back() {
    if (!fetching() && clock_.now() >= next_trim_) {
      next_trim_ = clock_.now() + kTrimEvery;
      ::malloc_trim(0);
    }
  }

  void look() {
    if (clock_.now() < next_look_) {
      return;
    }
    auto wanted = follower_.look();
    const bool in_progress = wanted && wanted->in_progress;
    const auto interval = look_interval(options_.poll, in_progress, in_progress ? presence_.fleet() : 0);
    static thread_local std::minstd_rand random{std::random_device{}()};
    // Jitter, so that a thousand clones do not ask in step.
    next_look_ = clock_.now() + interval * std::uniform_int_distribution<int>(75, 125)(random) / 100;
    if (!wanted) {
      complain(wanted.error());
      look_error_ = wanted.error();
      return;
    }
    look_error_.reset();
    if (!retrieval_ || retrieval_->state() != Retrieval::State::failed) {
      trouble_.clear();
    }
    wanted_ = *std::move(wanted);
    looked_ = true;
  }

  /// What is being fetched, or was fetched last.
  const Descriptor* shown() const {
    return retrieval_ ? &retrieval_->descriptor() : active_ ? &active_->descriptor : nullptr;
  }

  const SignedDescriptor* target() const {
    return wanted_.staged ? &*wanted_.staged : wanted_.published ? &*wanted_.published : nullptr;
  }

  void choose() {
    const SignedDescriptor* const goal = target();
    if (goal == nullptr) {
      return;
    }
    if (retrieval_ && retrieval_->descriptor().info_hash == goal->descriptor.info_hash &&
        retrieval_->descriptor().position == goal->descriptor.position) {
      return;
    }
    // One that only completes the store, for a tree that exists, makes no tree that could become the new release's.
    const bool unpacks =
        retrieval_ && retrieval_->state() != Retrieval::State::failed && !retrieval_->goal().tree_exists;
    if (unpacks && retrieval_->descriptor().info_hash == goal->descriptor.info_hash) {
      narrate_(fmt::format("release {}: the same content is now release {}", retrieval_->descriptor().position.value,
                           goal->descriptor.position.value));
      retrieval_->adopt(*goal);
      return;
    }
    if (active_ && active_->descriptor.position == goal->descriptor.position) {
      drop_retrieval();  // what was staged after it has come to nothing
      return;
    }
    if (clock_.now() < retry_at_) {
      return;
    }
    drop_retrieval();
    if (const auto begun = begin(*goal); !begun) {
      failed(begun.error());
    }
  }

  Result<void> begin(const SignedDescriptor& release) {
    const Descriptor& descriptor = release.descriptor;
    RetrievalGoal goal;
    goal.release = release;
    TRY_ASSIGN(goal.torrent, torrent_of(descriptor));
    goal.tree_exists = trees_.has(descriptor);
    goal.tree = trees_.incoming(descriptor);
    if (active_) {
      goal.previous = active_;
      goal.previous_tree = trees_.tree(active_->descriptor);
    }
    goal.peers = contacts_.peers(wanted_);
    goal.trackers = Contacts::trackers(wanted_);
    kept_.drop(descriptor.info_hash);  // it is to be fetched again, or unpacked again
    started_ = clock_.now();
    session_->expect(presence_.fleet());
    TRY_ASSIGN(retrieval_, Retrieval::start(store_, *session_, std::move(goal)));
    if (!trees_.has(descriptor)) {
      narrate_(fmt::format("release {}: fetching {} ({:.1f} MiB packed, {} files)", descriptor.position.value,
                           descriptor.revision, in_mib(descriptor.packed_size), descriptor.files));
    }
    return {};
  }

  Result<std::string> torrent_of(const Descriptor& descriptor) {
    auto torrent = torrent_on_share(share_, descriptor);
    if (!torrent && torrent.error().code == ErrorCode::not_found) {
      torrent.error().code = ErrorCode::temporary;  // the next look may find it, or a newer release
    }
    TRY(torrent);
    return std::move(torrent->bytes);
  }

  Result<void> advance() {
    if (!retrieval_) {
      done_ = active_ && wanted_.published && active_->descriptor.position == wanted_.published->descriptor.position &&
              !wanted_.staged;
      if (options_.once && looked_ && target() == nullptr) {
        return fail(ErrorCode::not_found, fmt::format("nothing is published on {} yet", share_.name()));
      }
      if (options_.once && look_error_ && look_error_->code == ErrorCode::refused) {
        return tl::unexpected(*look_error_);
      }
      return given_up_ ? Result<void>(tl::unexpected(*given_up_)) : Result<void>();
    }
    const Descriptor& descriptor = retrieval_->descriptor();
    switch (retrieval_->state()) {
      case Retrieval::State::working: {
        const SwarmStatus swarm = session_->status(descriptor.info_hash);
        progress_({descriptor.revision, swarm.wanted, swarm.have, descriptor.tree_size, retrieval_->unpacked(),
                   swarm.download_rate, swarm.connected, swarm.checking});
        return {};
      }
      case Retrieval::State::failed: {
        const Error error = retrieval_->error();
        drop_retrieval();
        failed(error);
        return given_up_ ? Result<void>(tl::unexpected(*given_up_)) : Result<void>();
      }
      case Retrieval::State::ready:
        if (wanted_.published && wanted_.published->descriptor.position == descriptor.position) {
          if (const auto activated = clock_.now() < retry_at_ ? Result<void>() : activate(); !activated) {
            failed(activated.error());
          }
        }
        return given_up_ ? Result<void>(tl::unexpected(*given_up_)) : Result<void>();
    }
    return {};
  }

  void failed(const Error& error) {
    complain(error);
    retry_at_ = clock_.now() + kRetryAfter;
    ++attempts_;
    const bool final = error.code == ErrorCode::cannot_write || attempts_ >= kAttempts;
    if (options_.once && final) {
      given_up_ = error;
    }
  }

  Result<void> activate() {
    const SignedDescriptor release = retrieval_->goal().release;
    const Descriptor& descriptor = release.descriptor;
    if (!trees_.has(descriptor)) {
      TRY(trees_.accept(descriptor, retrieval_->goal().tree));
    }
    failpoint("before-activate");
    const bool switched = trees_.current() != release_name(descriptor);
    if (switched) {
      TRY(trees_.activate(descriptor));
    }
    TRY(store_.record(release));
    TRY(replace_file(options_.state / "seen", as_bytes(std::to_string(descriptor.position.value) + '\n')));
    const SwarmStatus swarm = session_->status(descriptor.info_hash);
    if (switched) {
      narrate_(fmt::format("release {}: ACTIVE {} after {} ({:.1f} MiB fetched)", descriptor.position.value,
                           descriptor.revision,
                           to_text(std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - started_)),
                           in_mib(swarm.downloaded)));
    }
    active_ = release;
    kept_.add(descriptor.info_hash);
    attempts_ = 0;
    trouble_.clear();
    retrieval_.reset();
    tell();
    prune();
    done_ = true;
    return {};
  }

  void prune() {
    const auto note = [this](const Result<void>& result) {
      if (!result) {
        complain(result.error());
      }
    };
    note(trees_.prune(options_.keep, std::nullopt));
    note(store_.prune(options_.keep));
    note(kept_.drop_forgotten());
  }

  /// After a restart: what is here already is served again before anything else happens.
  void serve_kept_releases() {
    auto served = kept_.serve_all([this](const Descriptor& release) { return torrent_of(release); });
    if (!served) {
      complain(served.error());
      return;
    }
    for (SignedDescriptor& release : *served) {
      const bool is_current = trees_.current() == release_name(release.descriptor);
      if (is_current && key_.verify(release.text, release.signature)) {
        active_ = std::move(release);
      }
    }
    if (const auto tidied = trees_.prune(options_.keep, std::nullopt); !tidied) {
      complain(tidied.error());
    }
  }

  void drop_retrieval() {
    if (!retrieval_) {
      return;
    }
    const InfoHash info_hash = retrieval_->descriptor().info_hash;
    retrieval_.reset();
    session_->remove(info_hash);
  }

  void take(const SwarmEvent& event) {
    if (retrieval_) {
      retrieval_->on_event(event);
      const auto* const all = std::get_if<AllArrived>(&event);
      if (all != nullptr && all->info_hash == retrieval_->descriptor().info_hash) {
        const InfoHash& info_hash = all->info_hash;
        narrate_(fmt::format(
            "release {}: fetched in {}: {}", retrieval_->descriptor().position.value,
            to_text(std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - started_)),
            fetch_summary(session_->status(info_hash), session_->transfer(info_hash), wanted_.leader_rate)));
      }
    }
    if (const auto* bad = std::get_if<BadData>(&event)) {
      spdlog::warn("{} {}", to_string(bad->from), bad->what);
    }
    if (const auto* failure = std::get_if<SwarmFailed>(&event); failure != nullptr && kept_.drop(failure->info_hash)) {
      complain(failure->error);
    }
  }

  void tell() {
    PeerRecord record;
    if (active_) {
      record.active = active_->descriptor.position;
      record.revision = active_->descriptor.revision;
    }
    if (const Descriptor* const now = shown()) {
      const SwarmStatus swarm = session_->status(now->info_hash);
      record.target = now->position;
      record.info_hash = now->info_hash;
      record.wanted = now->packed_size;
      record.have = std::min(swarm.have, record.wanted);
      record.complete = !retrieval_ || retrieval_->state() == Retrieval::State::ready;
      record.have = record.complete ? record.wanted : record.have;
      record.download_rate = swarm.download_rate;
      add_transfer(record, swarm, session_->transfer(now->info_hash));
    }
    record.trouble = trouble_;
    if (const auto told = presence_.tell(std::move(record), fetching()); !told) {
      complain(told.error());
    }
  }

  const PeerOptions& options_;
  Clock& clock_;
  Share& share_;
  VerifyKey key_;
  Store store_;
  ReleaseTrees trees_;
  std::unique_ptr<SwarmSession> session_;
  Follower follower_;
  Presence presence_;
  Contacts contacts_;
  KeptReleases kept_;
  const Narrator& narrate_;
  const ProgressReport& progress_;

  Wanted wanted_;
  std::optional<SignedDescriptor> active_;
  std::unique_ptr<Retrieval> retrieval_;
  MonotonicTime started_{};
  MonotonicTime next_look_{};
  MonotonicTime next_trim_{};
  MonotonicTime retry_at_{};
  unsigned attempts_ = 0;
  std::string trouble_;
  std::optional<Error> look_error_;
  std::optional<Error> given_up_;
  bool looked_ = false;
  bool done_ = false;
};

Position read_seen(const Path& state) {
  Position seen;
  if (const auto text = read_file(state / "seen", 100)) {
    std::from_chars(text->data(), text->data() + text->size(), seen.value);
  }
  return seen;
}

}  // namespace

Result<void> run_peer(const PeerOptions& options, Clock& clock, std::stop_token stop, const Narrator& narrate,
                      const ProgressReport& progress) {
  ::mallopt(M_ARENA_MAX, 1);  // several keep fragments that cannot be given back; none of the threads allocates often
  TRY_ASSIGN(const auto share, open_share(options.share, stop));
  TRY_ASSIGN(const VerifyKey key, VerifyKey::load(options.keys / kPublicKeyFile));
  TRY_ASSIGN(const Fd lock, own_state(options.state, "peer.lock"));
  TRY_ASSIGN(Store store, Store::open(options.state));
  TRY_ASSIGN(ReleaseTrees trees, ReleaseTrees::open(options.dest));
  SwarmSettings swarm = options.swarm;
  swarm.role = SwarmRole::clone;
  TRY_ASSIGN(auto session, SwarmSession::open(swarm, clock));
  Service service(options, clock, *share, key, std::move(store), std::move(trees), std::move(session),
                  read_seen(options.state), narrate, progress);
  return service.run(stop);
}

}  // namespace swarmout
