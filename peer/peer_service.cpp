#include "peer/peer_service.hpp"

#include "common/base/duration.hpp"
#include "common/fleet/troubles.hpp"
#include "common/share/open_share.hpp"
#include "common/swarm/spare_memory.hpp"
#include "peer/course.hpp"
#include "peer/fetch/contacts.hpp"
#include "peer/fetch/fetch_summary.hpp"
#include "peer/fetch/presence.hpp"
#include "peer/fetch/retrieval.hpp"
#include "peer/gatekeeper.hpp"
#include "peer/holdings.hpp"
#include "peer/lookout.hpp"
#include "peer/own_record.hpp"
#include "peer/own_state.hpp"
#include "peer/run/outcome.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace swarmout {

namespace {

constexpr auto kIdleWait = std::chrono::milliseconds(500);

class Service {
public:
  Service(const PeerOptions& options, Clock& clock, Share& share, TrustedKeys keys, Store store, ReleaseTrees trees,
          std::unique_ptr<SwarmSession> session, Seen seen, const Narrator& narrate, const ProgressReport& progress)
      : options_(options),
        clock_(clock),
        narrate_(narrate),
        progress_(progress),
        troubles_(clock, [this](Troubles::Line line, const std::string& text) { say(line, text); }),
        session_(std::move(session)),
        lookout_(options, clock, share, std::move(keys), std::move(seen), troubles_, narrate),
        presence_(share, clock_, session_->endpoint()),
        contacts_(*session_, presence_, clock_, [this](const Error& error) { troubles_.has(kOfShare, error); }),
        holdings_(options, share, std::move(store), std::move(trees), *session_, troubles_, narrate),
        gate_(options, clock, troubles_, narrate),
        jobs_(options.state),
        course_(options.once) {}

  Result<void> run(std::stop_token stop) {
    holdings_.serve_all(lookout_.keys());
    while (!stop.stop_requested()) {
      look();
      options_.turned();
      gate_.look(wanted(), lookout_.keys(), on_this_host());
      aims_ = gate_.aims(wanted(), on_this_host());
      if (const Descriptor* const now = shown()) {
        contacts_.announce(retrieval_ ? retrieval_->swarm() : now->info_hash, wanted());
      }
      if (retrieval_) {
        retrieval_->tick(clock_.now());
      }
      const bool kept = keep() && at_rest();
      TRY_ASSIGN(const bool arrived, kept ? Result<bool>(true) : step());
      if (arrived) {
        return {};
      }
      report();
      tell();
      for (const SwarmEvent& event : session_->poll(lookout_.pause(wait()))) {
        take(event);
      }
      memory_.give_back(clock_.now(), fetching());
      holdings_.tidy(clock_.now(), pursued());
    }
    return options_.once ? Result<void>(fail(ErrorCode::temporary, "stopped on request")) : Result<void>();
  }

private:
  void say(Troubles::Line line, const std::string& text) const {
    line == Troubles::Line::trouble ? spdlog::warn("{}", text) : narrate_(text);
  }

  bool busy() const { return wanted().in_progress || fetching() || gate_.busy() || keeping_; }
  std::chrono::milliseconds wait() const {
    return retrieval_ && retrieval_->nearly_ready() ? kShortWait : busy() ? kBusyWait : kIdleWait;
  }
  const Wanted& wanted() const { return lookout_.wanted(); }
  bool at_rest() const { return options_.once && !retrieval_ && !keeping_ && !gate_.busy(); }
  bool fetching() const { return retrieval_ && retrieval_->state() == Retrieval::State::working; }
  const RetrievalGoal* pursued() const { return retrieval_ ? &retrieval_->goal() : nullptr; }

  /// Nobody to fetch from yet: who comes is to be asked at once.
  bool waiting_for_somebody() const { return fetching() && session_->status(retrieval_->swarm()).connected == 0; }

  void look() {
    if (!options_.look_now() && !lookout_.due()) {
      return;
    }
    holdings_.inspect();
    holdings_.record_again();
    const auto looked = lookout_.look(waiting_for_somebody(), [this] { return presence_.fleet(); });
    course_.looked(looked);
    if (looked) {
      lookout_.remember(holdings_.active_digest());
    }
  }

  OnThisHost on_this_host() const {
    return {holdings_.last_active(), holdings_.whole(), holdings_.whole() ? holdings_.active_tree() : Path(),
            [this](const Descriptor& release) { return holdings_.has_tree(release) && holdings_.is_current(release); }};
  }

  Here here() const {
    Here here;
    holdings_.describe(here);
    here.keeping = keeping_ != nullptr;
    if (retrieval_) {
      here.pursuit = pursuit_of(*retrieval_);
    }
    if (const SignedDescriptor* const goal = goal_of(aims_)) {
      here.tree_there = here.active != digest_of(*goal) && holdings_.has_tree(goal->descriptor);
      here.verdict = holdings_.was_switched_to(goal->descriptor) ? Activation::Verdict{Activation::Verdict::Kind::yes}
                                                                 : gate_.verdict(*goal, aims_, on_this_host());
    }
    return here;
  }

  /// True: the store has all of what is active since now.
  bool keep() {
    if (!keeping_ || keeping_->at_work()) {
      return false;
    }
    const auto finished = holdings_.finish(*std::exchange(keeping_, nullptr)).map([this] { arrived(); });
    return done(finished) || finished.has_value();
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
                               [this](const Activate&) -> Outcome { return done(activate()) || at_rest(); },
                               [this](const Switch& step) -> Outcome { return done(switch_to(step.release)); },
                               [this](const AskHook& step) -> Outcome { return done(ask(step.release)); },
                               [this](const Arrived&) -> Outcome { return at_rest(); },
                               [](const Error& error) -> Outcome { return tl::unexpected(error); }},
                      course_.next(aims_, here(), clock_.now()));
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
    TRY_ASSIGN(RetrievalGoal goal,
               holdings_.prepare(release, [this](Position position) { return lookout_.release_at(position); }));
    goal.peers = contacts_.peers(wanted());
    goal.trackers = Contacts::trackers(wanted());
    started_ = clock_.now();
    session_->expect(presence_.fleet());
    const std::string beginning = goal.tree_exists ? "" : fetch_beginning(goal);
    TRY_ASSIGN(retrieval_, Retrieval::start(holdings_.store(), *session_, std::move(goal)));
    lookout_.hurry(presence_.fleet());
    if (!beginning.empty()) {
      narrate_(beginning);
    }
    return {};
  }

  void report() {
    if (fetching()) {
      const Descriptor& descriptor = retrieval_->descriptor();
      const InfoHash fetched = retrieval_->swarm();
      const SwarmStatus swarm = session_->status(fetched);
      progress_({descriptor.revision, swarm.wanted, swarm.have, descriptor.tree_size, retrieval_->unpacked(),
                 swarm.download_rate, swarm.connected, swarm.checking});
      contacts_.connect(fetched, wanted());
    }
  }

  Result<void> activate() {
    const RetrievalGoal goal = retrieval_->goal();
    TRY(holdings_.accept(goal));
    const bool kept = retrieval_->kept();  // asked once: it may become so any moment, and finish() is for the rest
    TRY_ASSIGN(const bool switched, switching(goal.release, [&] { return holdings_.activate(goal, kept); }));
    const Descriptor& descriptor = goal.release.descriptor;
    if (switched) {
      narrate_(fmt::format("release {}: ACTIVE {} after {} ({} fetched)", descriptor.position.value,
                           descriptor.revision, since_start(), size_text(retrieval_->fetched())));
    }
    holdings_.serve_deltas(retrieval_->served_deltas());
    keeping_ = kept ? nullptr : std::move(retrieval_);
    retrieval_.reset();
    kept ? arrived() : tell();
    return {};
  }

  Result<void> switch_to(const SignedDescriptor& release) {
    if (retrieval_ && digest_of(retrieval_->goal().release) != digest_of(release)) {
      drop_retrieval();
    }
    TRY_ASSIGN(const bool switched, switching(release, [&] { return holdings_.switch_to(release); }));
    if (switched) {
      narrate_(fmt::format("release {}: ACTIVE {}; its tree was here", release.descriptor.position.value,
                           release.descriptor.revision));
    }
    arrived();
    return {};
  }

  /// `act` may change `current`. Hooks are for another release than before, not for a tree that is made anew.
  template <typename Act>
  Result<bool> switching(const SignedDescriptor& release, Act act) {
    const bool another = holdings_.active_digest() != digest_of(release) && !holdings_.is_current(release.descriptor);
    if (another) {
      TRY(gate_.switching(release, on_this_host()));
    }
    TRY_ASSIGN(const bool switched, act());
    lookout_.activated();
    if (another) {
      gate_.switched(release, holdings_.active_tree());
    }
    return switched;
  }

  void arrived() {
    course_.arrived();
    troubles_.solved(kOfRelease);
    tell();
    holdings_.prune(pursued());
  }

  Result<void> ask(const SignedDescriptor& release) {
    if (retrieval_ && digest_of(retrieval_->goal().release) == digest_of(release)) {
      TRY(holdings_.accept(retrieval_->goal()));  // what the hook looks at has its name already
      retrieval_->tree_accepted();
    }
    gate_.ask(release, holdings_.tree(release.descriptor), on_this_host());
    return {};
  }

  std::string since_start() const {
    return to_text(std::chrono::floor<std::chrono::milliseconds>(clock_.now() - started_));
  }

  void drop_retrieval() {
    if (retrieval_) {
      const InfoHash info_hash = retrieval_->descriptor().info_hash;
      holdings_.serve_deltas(retrieval_->served_deltas());
      retrieval_.reset();
      session_->remove(info_hash);
    }
  }

  void take(const SwarmEvent& event) {
    if (retrieval_) {
      retrieval_->on_event(event);
      const auto* const all = std::get_if<AllArrived>(&event);
      if (all != nullptr && all->info_hash == retrieval_->descriptor().info_hash && !retrieval_->by_deltas()) {
        narrate_(fmt::format("release {}: fetched in {}: {}", retrieval_->descriptor().position.value, since_start(),
                             fetch_summary(*session_, all->info_hash, wanted().leader_rate)));
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
    holdings_.describe(own);
    own.shown = shown();
    own.deltas = retrieval_ ? retrieval_->delta_bytes() : holdings_.delta_bytes();
    own.complete = retrieval_ ? retrieval_->state() == Retrieval::State::ready : holdings_.whole();
    own.trouble = troubles_.current();
    own.held_back = gate_.held_back(wanted(), on_this_host());
    own.job = jobs_.newest();
    if (const auto told = presence_.tell(own_record(own, *session_), fetching()); !told) {
      troubles_.has(kOfShare, told.error());
    }
  }

  const PeerOptions& options_;
  Clock& clock_;
  const Narrator& narrate_;
  const ProgressReport& progress_;
  Troubles troubles_;
  std::unique_ptr<SwarmSession> session_;
  Lookout lookout_;
  Presence presence_;
  Contacts contacts_;
  Holdings holdings_;
  Gatekeeper gate_;
  JobNews jobs_;
  Course course_;
  Wanted aims_;
  std::unique_ptr<Retrieval> retrieval_;
  std::unique_ptr<Retrieval> keeping_;  ///< of what is active: its packs are being hashed
  MonotonicTime started_{};
  SpareMemory memory_;
};

}  // namespace

Result<void> run_peer(const PeerOptions& options, Clock& clock, std::stop_token stop, const Narrator& narrate,
                      const ProgressReport& progress) {
  SpareMemory::keep_little();
  TRY_ASSIGN(const auto share, open_share(options.share, stop));
  TRY_ASSIGN(TrustedKeys keys, TrustedKeys::load(options.keys));
  TRY_ASSIGN(const Fd lock, own_state(options.state, lock_of(kPeerPurpose)));
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
