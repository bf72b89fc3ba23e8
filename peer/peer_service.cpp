#include "peer/peer_service.hpp"

#include "common/base/duration.hpp"
#include "common/fleet/troubles.hpp"
#include "common/share/open_share.hpp"
#include "peer/course.hpp"
#include "peer/fetch/contacts.hpp"
#include "peer/fetch/fetch_summary.hpp"
#include "peer/fetch/presence.hpp"
#include "peer/fetch/retrieval.hpp"
#include "peer/holdings.hpp"
#include "peer/own_record.hpp"
#include "peer/own_state.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <spdlog/spdlog.h>

#include <random>

namespace swarmout {

namespace {

constexpr auto kIdleWait = std::chrono::milliseconds(500);
constexpr auto kTrimEvery = std::chrono::seconds(15);

template <typename... Cases>
struct EachStep : Cases... {
  using Cases::operator()...;
};
template <typename... Cases>
EachStep(Cases...) -> EachStep<Cases...>;

class Service {
public:
  Service(const PeerOptions& options, Clock& clock, Share& share, TrustedKeys keys, Store store, ReleaseTrees trees,
          std::unique_ptr<SwarmSession> session, Seen seen, const Narrator& narrate, const ProgressReport& progress)
      : options_(options),
        clock_(clock),
        share_name_(share.name()),
        keys_(std::move(keys)),
        narrate_(narrate),
        progress_(progress),
        troubles_(clock, [this](Troubles::Line line, const std::string& text) { say(line, text); }),
        session_(std::move(session)),
        follower_(share, keys_, std::move(seen), clock),
        presence_(share, clock_, session_->endpoint()),
        contacts_(*session_, presence_, clock_, [this](const Error& error) { troubles_.has(kOfShare, error); }),
        holdings_(options, share, std::move(store), std::move(trees), *session_, troubles_),
        course_(options.once) {}

  Result<void> run(std::stop_token stop) {
    holdings_.serve_all(keys_);
    while (!stop.stop_requested()) {
      look();
      if (const Descriptor* const now = shown()) {
        contacts_.announce(now->info_hash, wanted_);
      }
      TRY_ASSIGN(const bool arrived, step());
      if (arrived) {
        return {};
      }
      report();
      tell();
      for (const SwarmEvent& event : session_->poll(wanted_.in_progress || fetching() ? kBusyWait : kIdleWait)) {
        take(event);
      }
      give_memory_back();
    }
    return options_.once ? Result<void>(fail(ErrorCode::temporary, "stopped on request")) : Result<void>();
  }

private:
  void say(Troubles::Line line, const std::string& text) const {
    line == Troubles::Line::trouble ? spdlog::warn("{}", text) : narrate_(text);
  }

  bool fetching() const { return retrieval_ && retrieval_->state() == Retrieval::State::working; }

  /// Nobody to fetch from yet: who comes is to be asked at once.
  bool waiting_for_somebody() const {
    return fetching() && session_->status(retrieval_->descriptor().info_hash).connected == 0;
  }

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
    holdings_.inspect();
    read_keys();
    auto wanted = follower_.look();
    const bool often = (wanted && wanted->in_progress) || waiting_for_somebody();
    const auto interval = look_interval(options_.poll, often, often ? presence_.fleet() : 0);
    static thread_local std::minstd_rand random{std::random_device{}()};
    // Jitter, so that a thousand clones do not ask in step.
    next_look_ = clock_.now() + interval * std::uniform_int_distribution<int>(75, 125)(random) / 100;
    course_.looked(wanted.map([](const Wanted&) {}));
    if (!wanted) {
      troubles_.has(wanted.error().code == ErrorCode::refused ? kOfLog : kOfShare, wanted.error());
      return;
    }
    for (const std::string_view each : {kOfShare, kOfLog, kOfSwarm, kOfDisk}) {
      troubles_.well(each);
    }
    has_or_well(kOfStage, wanted->bad_stage);
    has_or_well(kOfForeign, wanted->foreign);
    has_or_well(kOfAge, too_old(wanted->newest_word, options_.max_age, share_name_));
    if (!wanted->news.empty()) {
      spdlog::warn("{}", wanted->news);
    }
    wanted_ = *std::move(wanted);
  }

  void has_or_well(std::string_view kind, const std::optional<Error>& error) {
    error ? troubles_.has(kind, *error) : troubles_.well(kind);
  }

  /// The keys of today: one that was added is trusted, and one that was taken away is not, from the next look on.
  void read_keys() {
    auto keys = TrustedKeys::load(options_.keys);
    if (!keys) {
      troubles_.has(kOfKeys, keys.error());
      return;
    }
    troubles_.well(kOfKeys);
    if (!keys->same_as(keys_)) {
      narrate_(fmt::format("this host trusts {} from here on", keys->names()));
      keys_ = *std::move(keys);
    }
  }

  Here here() const {
    Here here;
    holdings_.describe(here);
    if (retrieval_) {
      here.pursuit = pursuit_of(*retrieval_);
    }
    return here;
  }

  /// True: with `once`, the newest release is active.
  Result<bool> step() {
    using Outcome = Result<bool>;
    return std::visit(EachStep{[](const Stay&) -> Outcome { return false; },
                               [this](const PointBack&) -> Outcome { return done(holdings_.point_back()); },
                               [this](const Adopt& step) -> Outcome { return adopt(step.release); },
                               [this](const Drop&) -> Outcome { return drop(); },
                               [this](const Begin& step) -> Outcome {
                                 drop_retrieval();
                                 return done(begin(step.release));
                               },
                               [this](const Activate&) -> Outcome {
                                 const auto activated = activate();
                                 done(activated);
                                 return activated.has_value() && options_.once;
                               },
                               [](const Arrived&) -> Outcome { return true; },
                               [](const Error& error) -> Outcome { return tl::unexpected(error); }},
                      course_.next(wanted_, here(), clock_.now()));
  }

  bool done(const Result<void>& result) {
    if (!result) {
      course_.failed(result.error(), clock_.now());
      troubles_.has(kOfRelease, result.error());
    }
    return false;
  }

  bool adopt(const SignedDescriptor& release) {
    narrate_(fmt::format("release {}: the same content is now release {}", retrieval_->descriptor().position.value,
                         release.descriptor.position.value));
    retrieval_->adopt(release);
    return false;
  }

  bool drop() {
    const bool failed = retrieval_->state() == Retrieval::State::failed;
    const Error error = retrieval_->error();
    drop_retrieval();
    return failed ? done(tl::unexpected(error)) : false;
  }

  Result<void> begin(const SignedDescriptor& release) {
    const Descriptor& descriptor = release.descriptor;
    TRY_ASSIGN(RetrievalGoal goal, holdings_.prepare(release));
    goal.peers = contacts_.peers(wanted_);
    goal.trackers = Contacts::trackers(wanted_);
    started_ = clock_.now();
    session_->expect(presence_.fleet());
    const bool anew = !goal.tree_exists;
    TRY_ASSIGN(retrieval_, Retrieval::start(holdings_.store(), *session_, std::move(goal)));
    next_look_ = std::min(next_look_, clock_.now() + look_interval(options_.poll, true, presence_.fleet()));
    if (anew) {
      narrate_(fmt::format("release {}: fetching {} ({:.1f} MiB packed, {} files)", descriptor.position.value,
                           descriptor.revision, in_mib(descriptor.packed_size), descriptor.files));
    }
    return {};
  }

  void report() {
    if (fetching()) {
      const Descriptor& descriptor = retrieval_->descriptor();
      const SwarmStatus swarm = session_->status(descriptor.info_hash);
      progress_({descriptor.revision, swarm.wanted, swarm.have, descriptor.tree_size, retrieval_->unpacked(),
                 swarm.download_rate, swarm.connected, swarm.checking});
      contacts_.connect(descriptor.info_hash, wanted_);
    }
  }

  Result<void> activate() {
    TRY_ASSIGN(const bool switched, holdings_.activate(retrieval_->goal(), follower_.seen()));
    const Descriptor& descriptor = retrieval_->descriptor();
    if (switched) {
      narrate_(fmt::format("release {}: ACTIVE {} after {} ({:.1f} MiB fetched)", descriptor.position.value,
                           descriptor.revision, since_start(),
                           in_mib(session_->status(descriptor.info_hash).downloaded)));
    }
    course_.arrived();
    troubles_.solved(kOfRelease);
    retrieval_.reset();
    tell();
    holdings_.prune();
    return {};
  }

  std::string since_start() const {
    return to_text(std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - started_));
  }

  void drop_retrieval() {
    if (retrieval_) {
      const InfoHash info_hash = retrieval_->descriptor().info_hash;
      retrieval_.reset();
      session_->remove(info_hash);
    }
  }

  void take(const SwarmEvent& event) {
    if (retrieval_) {
      retrieval_->on_event(event);
      const auto* const all = std::get_if<AllArrived>(&event);
      if (all != nullptr && all->info_hash == retrieval_->descriptor().info_hash) {
        const InfoHash& info_hash = all->info_hash;
        narrate_(fmt::format(
            "release {}: fetched in {}: {}", retrieval_->descriptor().position.value, since_start(),
            fetch_summary(session_->status(info_hash), session_->transfer(info_hash), wanted_.leader_rate)));
      }
    }
    if (const auto* bad = std::get_if<BadData>(&event)) {
      spdlog::warn("{} {}", to_string(bad->from), bad->what);
    }
    if (const auto* failure = std::get_if<SwarmFailed>(&event);
        failure != nullptr && holdings_.drop(failure->info_hash)) {
      troubles_.has(kOfSwarm, failure->error);
    }
  }

  /// What is being fetched, or was fetched last.
  const Descriptor* shown() const { return retrieval_ ? &retrieval_->descriptor() : holdings_.active(); }

  void tell() {
    OwnState own;
    own.active = holdings_.in_use() ? holdings_.active() : nullptr;
    own.shown = shown();
    own.complete = retrieval_ ? retrieval_->state() == Retrieval::State::ready : holdings_.whole();
    own.trouble = troubles_.current();
    if (const auto told = presence_.tell(own_record(own, *session_), fetching()); !told) {
      troubles_.has(kOfShare, told.error());
    }
  }

  const PeerOptions& options_;
  Clock& clock_;
  const std::string share_name_;
  TrustedKeys keys_;
  const Narrator& narrate_;
  const ProgressReport& progress_;
  Troubles troubles_;
  std::unique_ptr<SwarmSession> session_;
  Follower follower_;
  Presence presence_;
  Contacts contacts_;
  Holdings holdings_;
  Course course_;

  Wanted wanted_;
  std::unique_ptr<Retrieval> retrieval_;
  MonotonicTime started_{};
  MonotonicTime next_look_{};
  MonotonicTime next_trim_{};
};

}  // namespace

Result<void> run_peer(const PeerOptions& options, Clock& clock, std::stop_token stop, const Narrator& narrate,
                      const ProgressReport& progress) {
  ::mallopt(M_ARENA_MAX, 1);  // several keep fragments that cannot be given back; none of the threads allocates often
  TRY_ASSIGN(const auto share, open_share(options.share, stop));
  TRY_ASSIGN(TrustedKeys keys, TrustedKeys::load(options.keys));
  TRY_ASSIGN(const Fd lock, own_state(options.state, "peer.lock"));
  TRY_ASSIGN(Store store, Store::open(options.state));
  TRY_ASSIGN(ReleaseTrees trees, open_trees(options, store));
  TRY_ASSIGN(const Seen seen, recall_seen(options.state, store, keys));
  SwarmSettings swarm = options.swarm;
  swarm.role = SwarmRole::clone;
  TRY_ASSIGN(auto session, SwarmSession::open(swarm, clock));
  Service service(options, clock, *share, std::move(keys), std::move(store), std::move(trees), std::move(session), seen,
                  narrate, progress);
  return service.run(stop);
}

}  // namespace swarmout
