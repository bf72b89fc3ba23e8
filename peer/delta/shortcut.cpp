#include "peer/delta/shortcut.hpp"

#include "peer/delta/made_by_delta.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace swarmout {

Bytes size_of(const std::vector<DeltaStep>& steps) {
  return std::accumulate(steps.begin(), steps.end(), Bytes{0},
                         [](Bytes sum, const DeltaStep& each) { return sum + each.release.delta.value().size; });
}

Shortcut::Shortcut(Store& store, SwarmSession& session, ShortcutGoal goal)
    : store_(store), session_(session), goal_(std::move(goal)), rooms_(store.state(), goal_.purpose) {}

Result<std::unique_ptr<Shortcut>> Shortcut::start(Store& store, SwarmSession& session, ShortcutGoal goal) {
  INVARIANT(!goal.steps.empty());
  std::unique_ptr<Shortcut> shortcut(new Shortcut(store, session, std::move(goal)));
  for (const DeltaStep& step : shortcut->goal_.steps) {
    if (step.release.delta.value().in_swarm()) {
      TRY(shortcut->fetch(step));
    }
  }
  shortcut->worker_ = std::jthread([raw = shortcut.get()](const std::stop_token& stop) { raw->run(stop); });
  return shortcut;
}

Result<void> Shortcut::fetch(const DeltaStep& step) {
  TRY_ASSIGN(const TorrentContents contents, read_torrent(step.file));
  SwarmContent content;
  content.torrent = step.file;
  content.peers = goal_.peers;
  content.trackers = goal_.trackers;
  content.limits = step.release.clone_limits;
  session_.remove(contents.info_hash);  // an attempt before this may have left it there
  swarms_.push_back(contents.info_hash);
  TRY_ASSIGN(content.directory, rooms_.make(contents.info_hash));
  return session_.add(content).map([](const InfoHash&) {});
}

Shortcut::~Shortcut() {
  worker_.request_stop();
  if (worker_.joinable()) {
    worker_.join();
  }
  if (state_ != State::made) {
    withdraw();
  }
}

void Shortcut::withdraw() {
  for (const InfoHash& each : swarms_) {
    session_.remove(each);
    [[maybe_unused]] const auto removed = rooms_.remove(each);  // else it goes at the next start
  }
}

void Shortcut::on_event(const SwarmEvent& event) {
  const auto ours = [this](const InfoHash& info_hash) {
    return std::find(swarms_.begin(), swarms_.end(), info_hash) != swarms_.end();
  };
  if (const auto* all = std::get_if<AllArrived>(&event); all != nullptr && ours(all->info_hash)) {
    const std::lock_guard lock(mutex_);
    arrived_.insert(all->info_hash);
    changed_.notify_all();
  } else if (const auto* failed = std::get_if<SwarmFailed>(&event); failed != nullptr && ours(failed->info_hash)) {
    fail_with(failed->error);
  }
}

void Shortcut::tick(MonotonicTime now) {
  bool waits = false;
  {
    const std::lock_guard lock(mutex_);
    waits = state_ == State::working && arrived_.size() < swarms_.size();
  }
  Bytes received = 0;
  for (const InfoHash& each : swarms_) {
    received += session_.status(each).downloaded;
  }
  if (moved_ == MonotonicTime{} || received > received_ || !waits) {
    moved_ = now;
    received_ = received;
  } else if (now - moved_ > kPatience) {
    fail_with(
        {ErrorCode::temporary, fmt::format("nobody has sent anything of a delta for {} s", kPatience.count()), {}});
  }
}

void Shortcut::fail_with(Error error) {
  const std::lock_guard lock(mutex_);
  if (state_ == State::working) {
    state_ = State::failed;
    error_ = std::move(error);
  }
  worker_.request_stop();
}

Shortcut::State Shortcut::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

Error Shortcut::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

MadeRelease Shortcut::take() {
  const std::lock_guard lock(mutex_);
  INVARIANT(state_ == State::made);
  return std::move(made_);
}

std::optional<InfoHash> Shortcut::awaited() const {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(swarms_.begin(), swarms_.end(), [this](const InfoHash& each) { return !arrived_.contains(each); });
  return found != swarms_.end() ? std::optional(*found) : std::nullopt;
}

void Shortcut::run(const std::stop_token& stop) {
  auto made = make(stop);
  const std::lock_guard lock(mutex_);
  if (state_ == State::working) {
    state_ = made ? State::made : State::failed;
    if (made) {
      made_ = *std::move(made);
    } else {
      error_ = made.error();
    }
  }
}

Result<MadeRelease> Shortcut::make(const std::stop_token& stop) {
  TRY_ASSIGN(const Fd lock, store_.lock_for_writing(stop));
  const Digest first = goal_.steps.front().release.delta.value().before;
  TRY_ASSIGN(const std::string bytes, store_.manifest_bytes(first));
  MadeRelease made;
  TRY_ASSIGN(made.before, decode_manifest(bytes));
  made.before_digest = first;
  for (std::size_t i = 0; i < goal_.steps.size(); ++i) {
    TRY_ASSIGN(const std::string delta, await(i, stop));
    const ReleaseHere before = i == 0 ? ReleaseHere{made.before, goal_.tree} : ReleaseHere{made.manifest, {}};
    TRY_ASSIGN(Manifest next, make_by_delta(store_, goal_.steps[i].release, before, as_bytes(delta), stop));
    made.manifest = std::move(next);
  }
  TRY(sync_directory(store_.state() / "packs"));
  const Descriptor& release = goal_.steps.back().release;
  TRY_ASSIGN(made.torrent, make_torrent(store_, release, made.manifest, goal_.certificate));
  // Laid out while the lock is held: nobody removes its packs now, which no record names yet.
  TRY_ASSIGN(const TorrentContents contents, read_torrent(made.torrent));
  std::set<std::string> complete;
  TRY(store_.lay_out(goal_.purpose, contents, release.manifest, complete));
  return made;
}

/// The bytes of one delta.
Result<std::string> Shortcut::await(std::size_t step, const std::stop_token& stop) {
  const DeltaRef& ref = goal_.steps[step].release.delta.value();
  if (!ref.in_swarm()) {
    return goal_.steps[step].file;
  }
  TRY_ASSIGN(const TorrentContents contents, read_torrent(goal_.steps[step].file));
  {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [&] { return arrived_.contains(contents.info_hash); })) {
      return fail(ErrorCode::temporary, "stopped on request");
    }
  }
  return rooms_.read(contents.info_hash, ref.size);
}

}  // namespace swarmout
