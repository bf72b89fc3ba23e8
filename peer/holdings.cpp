#include "peer/holdings.hpp"

#include "common/base/failpoint.hpp"
#include "common/base/private_files.hpp"
#include "peer/keep/hand_pins.hpp"
#include "peer/keep/spare.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace swarmout {

namespace {

constexpr std::chrono::seconds kTidyEvery{60};
constexpr std::size_t kServedDeltas = 3;

bool has_name(const Path& directory, const std::string& beginning) {
  const auto names = list_directory(directory).value_or(std::vector<std::string>());
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return name.starts_with(beginning); });
}

/// What `verify --repair` was fetching when it was killed; nothing while one is at work.
Result<void> clear_repair(Store& store) {
  if (!has_name(store.state() / "swarm", fmt::format("{}-", kVerifyPurpose))) {
    return {};  // the lock is left alone: a repair that begins now does not wait for it
  }
  TRY_ASSIGN(const auto lock, try_lock(store.state() / lock_of(kVerifyPurpose)));
  return lock ? store.remove_layouts(kVerifyPurpose) : Result<void>();
}

}  // namespace

Result<ReleaseTrees> open_trees(const PeerOptions& options, const Store& store) {
  const bool of_version_0_1 = !TreeRecords::exist(options.state);
  TRY_ASSIGN(ReleaseTrees trees, ReleaseTrees::open(options.dest, options.state));
  if (of_version_0_1) {
    TRY_ASSIGN(const auto releases, store.releases());
    TRY(trees.take_over(releases));
  }
  return trees;
}

Pursuit pursuit_of(const Retrieval& retrieval) {
  const auto state = retrieval.state();
  return {digest_of(retrieval.goal().release), retrieval.descriptor().info_hash,
          state == Retrieval::State::working  ? Pursuit::State::working
          : state == Retrieval::State::failed ? Pursuit::State::failed
                                              : Pursuit::State::ready,
          !retrieval.goal().tree_exists};
}

void Holdings::note(const Result<void>& result) {
  if (!result) {
    troubles_.has(kOfDisk, result.error());
  }
}

void Holdings::serve_all(const TrustedKeys& keys) {
  note(store_.clear_scratch());
  note(delta_rooms_.clear());
  auto served = kept_.serve_all([this](const Descriptor& release) { return torrents_.get(release); });
  if (!served) {
    troubles_.has(kOfRelease, served.error());
    return;
  }
  for (SignedDescriptor& release : *served) {
    if (!active_ && trees_.is_current(release.descriptor) && keys.verify(release.text, release.signature)) {
      active_ = std::move(release);
    }
  }
  inspect();
  collect_garbage();
  count_holds();
}

void Holdings::count_holds() {
  const auto releases = store_.releases();
  if (!releases) {
    return;  // said elsewhere
  }
  holds_.clear();
  for (const SignedDescriptor& each : *releases) {
    if (kept_.serving().contains(each.descriptor.info_hash)) {
      holds_.push_back(each.descriptor.position);
    }
  }
}

void Holdings::inspect() {
  if (!active_) {
    return;
  }
  tree_there_ = trees_.has(active_->descriptor);
  astray_ = tree_there_ && !trees_.is_current(active_->descriptor);
  const std::uint64_t release = active_->descriptor.position.value;
  if (!tree_there_) {
    troubles_.has(kOfTree, {ErrorCode::not_found,
                            fmt::format("the tree of release {}, which is active, was removed or replaced by somebody; "
                                        "it is made anew",
                                        release),
                            {}});
  } else if (astray_) {
    troubles_.has(kOfTree, {ErrorCode::failed,
                            fmt::format("`current` was changed by somebody; it is set back to release {}", release),
                            {}});
  } else {
    troubles_.well(kOfTree);
  }
}

void Holdings::describe(Here& here) const {
  if (whole()) {
    here.active = digest_of(*active_);
    here.astray = astray_;
    here.incomplete = incomplete_;
  }
}

Result<RetrievalGoal> Holdings::prepare(const SignedDescriptor& release, const ReleaseAt& release_at) {
  failpoint("before-fetch");
  const Descriptor& descriptor = release.descriptor;
  RetrievalGoal goal;
  goal.release = release;
  TRY(trees_.check_current());  // before anything is fetched for nothing
  TRY(choose_way(goal, torrents_, store_, share_, release_at, options_.swarm));
  goal.tree_exists = trees_.has(descriptor);
  if (!goal.tree_exists) {
    TRY_ASSIGN(goal.tree, trees_.begin(descriptor));
  }
  if (whole()) {
    goal.previous = active_;
    goal.previous_tree = trees_.tree(active_->descriptor);
  }
  if (!goal.tree_exists) {
    take_spare_for(goal);
  }
  kept_.drop(descriptor.info_hash);  // it is to be fetched again, or unpacked again
  return goal;
}

/// The tree that would go when this release is active. Without one, or where it cannot be had, the new tree is made of
/// copies.
void Holdings::take_spare_for(RetrievalGoal& goal) {
  const Descriptor& coming = goal.release.descriptor;
  auto taken = take_spare(store_, trees_, needs_of(&goal), options_.gc, coming, goal.tree);
  if (!taken) {
    spdlog::warn("the tree of release {} is made of copies: {}", coming.position.value, to_string(taken.error()));
  } else if (*taken) {
    narrate_(fmt::format("release {}: made from the tree {}, which nobody uses any more", coming.position.value,
                         (*taken)->name));
    goal.taken = *std::move(*taken);
  }
}

Result<void> Holdings::accept(const RetrievalGoal& retrieved) {
  const Descriptor& release = retrieved.release.descriptor;
  if (trees_.has(release)) {
    return {};
  }
  if (retrieved.tree_exists) {
    return fail(ErrorCode::temporary,
                fmt::format("the tree of release {} was removed meanwhile", release.position.value));
  }
  return trees_.accept(release, retrieved.tree);
}

/// True: it was not that before. What fails once `current` leads there does not undo it: who went on as if it had would
/// take his own switch for a stranger's, and set it back.
Result<bool> Holdings::make_current(const Descriptor& release) {
  if (trees_.is_current(release)) {
    return false;
  }
  const auto done = trees_.activate(release);
  if (!done && !trees_.is_current(release)) {
    return tl::unexpected(done.error());
  }
  note(done);
  return true;
}

Result<bool> Holdings::activate(const RetrievalGoal& retrieved, bool kept) {
  const SignedDescriptor release = retrieved.release;
  failpoint("before-activate");
  delta_bytes_ = size_of(retrieved.deltas);
  if (!retrieved.deltas.empty()) {
    torrents_.keep(release.descriptor, retrieved.torrent);
  }
  TRY_ASSIGN(const bool switched, make_current(release.descriptor));
  active_ = release;
  incomplete_ = false;
  unrecorded_ = true;
  unkept_ = !kept;
  record_again();
  kept_.add(release.descriptor.info_hash);
  inspect();
  return switched;
}

Result<void> Holdings::finish(const Retrieval& retrieval) {
  unkept_ = false;
  if (retrieval.kept()) {
    record_again();
    return {};
  }
  unrecorded_ = false;
  incomplete_ = true;
  kept_.drop(retrieval.descriptor().info_hash);
  return tl::unexpected(retrieval.error());
}

void Holdings::serve_deltas(const std::vector<InfoHash>& fetched) {
  std::erase_if(deltas_, [&](const InfoHash& each) { return std::count(fetched.begin(), fetched.end(), each) > 0; });
  deltas_.insert(deltas_.begin(), fetched.rbegin(), fetched.rend());
  for (; deltas_.size() > kServedDeltas; deltas_.pop_back()) {
    session_.remove(deltas_.back());
    note(delta_rooms_.remove(deltas_.back()));
  }
}

Result<bool> Holdings::switch_to(const SignedDescriptor& release) {
  failpoint("before-switch");
  TRY_ASSIGN(const bool switched, make_current(release.descriptor));
  active_ = release;
  delta_bytes_ = 0;
  incomplete_ = !kept_.serving().contains(release.descriptor.info_hash);
  unrecorded_ = false;
  inspect();
  return switched;
}

void Holdings::record_again() {
  if (unrecorded_ && !unkept_) {
    const auto recorded = store_.record(*active_);
    failpoint("after-record");
    unrecorded_ = !recorded;
    note(recorded);
  }
}

Result<void> Holdings::point_back() {
  failpoint("before-set-back");
  TRY(trees_.activate(active_->descriptor));
  inspect();
  return {};
}

Needs Holdings::needs_of(const RetrievalGoal* pursued) const {
  Needs needs;
  if (pursued != nullptr) {
    needs.emplace(pursued->release.descriptor.manifest, "on its way");
  }
  if (pursued != nullptr && pursued->previous) {
    needs.emplace(pursued->previous->descriptor.manifest, "files are taken from it");
  }
  if (active_) {
    needs.emplace(active_->descriptor.manifest, "active");
  }
  return needs;
}

void Holdings::collect_garbage(const RetrievalGoal* pursued) {
  const auto collected = collect(store_, trees_, needs_of(pursued), options_.gc, [this](const Removal& each) {
    narrate_(fmt::format("removed {} {}: {}", each.kind == Removal::Kind::tree ? "the tree" : "the packs of", each.name,
                         each.why));
  });
  note(collected.map([](const Collected&) {}));
  if (const auto pins = HandPins(options_.state).all()) {
    pinned_.clear();
    for (const HandPin& each : *pins) {
      pinned_ += (pinned_.empty() ? "" : "; ") + each.shown();
    }
  } else {
    note(tl::unexpected(pins.error()));
  }
  note(trees_.tidy(pursued != nullptr ? std::optional(pursued->tree) : std::nullopt));
  note(clear_repair(store_));
}

void Holdings::describe(OwnState& own) const {
  own.active = in_use() ? active() : nullptr;
  own.holds = holds_;
  own.version = options_.version;
  own.pinned = pinned_;
}

void Holdings::tidy(MonotonicTime now, const RetrievalGoal* pursued) {
  if (now < next_tidy_) {
    return;
  }
  if (next_tidy_ != MonotonicTime{}) {  // at the start serve_all() has just done it
    prune(pursued);
  }
  next_tidy_ = now + kTidyEvery;
}

void Holdings::prune(const RetrievalGoal* pursued) {
  collect_garbage(pursued);
  std::set<InfoHash> fetched;
  if (pursued != nullptr) {
    fetched.insert(pursued->release.descriptor.info_hash);
  }
  std::set<InfoHash> kept = fetched;
  if (active_ && (unrecorded_ || incomplete_)) {
    kept.insert(active_->descriptor.info_hash);  // its packs may be nowhere else
  }
  note(kept_.drop_forgotten(std::move(kept)));
  std::set<InfoHash> torrents = kept_.serving();
  torrents.merge(fetched);
  if (active_) {
    torrents.insert(active_->descriptor.info_hash);  // its packs may be missing yet
  }
  note(torrents_.keep_only(torrents));
  count_holds();
}

}  // namespace swarmout
