#include "peer/fetch/retrieval.hpp"

#include "common/base/failpoint.hpp"
#include "common/base/remove_tree.hpp"
#include "peer/tree/space.hpp"
#include "peer/tree/tree_stamps.hpp"

#include <spdlog/spdlog.h>

namespace swarmout {

namespace {

constexpr std::chrono::milliseconds kHurryEvery{500};

}  // namespace

Retrieval::Retrieval(Store& store, SwarmSession& session, RetrievalGoal goal)
    : store_(store),
      session_(session),
      goal_(std::move(goal)),
      content_(goal_.release.descriptor),
      info_hash_(content_.info_hash) {}

Result<std::unique_ptr<Retrieval>> Retrieval::start(Store& store, SwarmSession& session, RetrievalGoal goal) {
  std::unique_ptr<Retrieval> retrieval(new Retrieval(store, session, std::move(goal)));
  if (retrieval->goal_.deltas.empty()) {
    TRY(retrieval->begin());
  } else {
    TRY(retrieval->begin_shortcut());
  }
  return retrieval;
}

Result<void> Retrieval::begin_shortcut() {
  ShortcutGoal goal;
  goal.steps = goal_.deltas;
  if (goal_.previous && goal_.previous->descriptor.manifest == goal.steps.front().release.delta.value().before) {
    goal.tree = goal_.previous_tree;
  }
  goal.purpose = goal_.purpose;
  goal.certificate = goal_.certificate;
  goal.peers = goal_.peers;
  goal.trackers = goal_.trackers;
  auto begun = Shortcut::start(store_, session_, std::move(goal));
  if (!begun) {
    return begin_packs(begun.error());
  }
  shortcut_ = *std::move(begun);
  return {};
}

Result<void> Retrieval::begin_packs(const Error& why) {
  spdlog::warn("release {} is fetched in packs, not by its delta: {}", content_.position.value, to_string(why));
  shortcut_.reset();
  goal_.deltas.clear();
  TRY_ASSIGN(goal_.torrent, goal_.ask_torrent());
  return begin();
}

void Retrieval::tick(MonotonicTime now) {
  if (begun_ && now >= next_hurry_) {
    next_hurry_ = now + kHurryEvery;
    hurry_manifest();
  }
  if (!shortcut_ || begun_ || state() != State::working) {
    return;
  }
  shortcut_->tick(now);
  if (shortcut_->state() != Shortcut::State::working) {
    end_shortcut();
  }
}

/// Nothing can be unpacked without it. Its pieces are a few among thousands, and as likely to be the last as others.
void Retrieval::hurry_manifest() {
  bool waits = false;
  {
    const std::lock_guard lock(mutex_);
    waits = state_ == State::working && !all_arrived_ && !arrived_.contains(std::string(kManifestName));
  }
  if (waits) {
    session_.hurry(info_hash_, manifest_pieces_);
  }
}

void Retrieval::end_shortcut() {
  const bool made = shortcut_->state() == Shortcut::State::made;
  if (made) {
    made_ = shortcut_->take();
    goal_.torrent = made_.torrent;
  }
  const Result<void> begun = made ? begin() : begin_packs(shortcut_->error());
  if (!begun) {
    const std::lock_guard lock(mutex_);
    state_ = State::failed;
    error_ = begun.error();
  }
}

Result<void> Retrieval::begin() {
  TRY_ASSIGN(const TorrentContents contents, read_torrent(goal_.torrent));
  REFUSE_UNLESS(contents.info_hash == info_hash_, "the torrent on the share is not the one that was signed");
  begun_ = true;

  SwarmContent content;
  content.torrent = goal_.torrent;
  content.peers = goal_.peers;
  content.trackers = goal_.trackers;
  content.limits = goal_.release.descriptor.clone_limits;
  TRY_ASSIGN(content.directory, store_.lay_out(goal_.purpose, contents, content_.manifest, content.complete));
  layout_ = content.directory;
  failpoint("after-layout");
  Bytes missing = 0;
  for (const TorrentFile& file : contents.files) {
    files_.emplace(file.name, file.first_piece);
    if (file.name == kManifestName) {
      manifest_pieces_ = {file.first_piece, file.first_piece + (file.size - 1) / contents.piece_length + 1};
    }
    if (!content.complete.contains(file.name)) {
      missing += file.size;
      content.check_existing = content.check_existing || path_exists(content.directory / kTorrentRoot / file.name);
    }
  }
  if (content.check_existing) {
    // libtorrent will look at all files then, and would mend a damaged pack in place: in the store, and in every
    // release.
    for (const TorrentFile& file : contents.files) {
      if (content.complete.contains(file.name) && file.name != kManifestName) {
        TRY_ASSIGN(const bool whole, store_.check_pack(file.root, file.size));
        if (!whole) {
          TRY(remove_tree(content.directory / kTorrentRoot / file.name));
          content.complete.erase(file.name);
          missing += file.size;
        }
      }
    }
  }
  TRY(check_room(store_.state(), {missing, 2 * contents.files.size()}, "fetching the release"));
  if (!goal_.tree_exists) {
    const Path& tree = goal_.tree;
    const TakenTree there = goal_.taken.value_or(TakenTree{});  // of that nothing is needed twice
    const RoomWanted wanted{content_.tree_size - std::min(content_.tree_size, there.bytes),
                            content_.files - std::min(content_.files, there.inodes)};
    TRY(check_room(tree, wanted, "unpacking the release"));
  }
  arrived_ = content.complete;
  TRY(session_.add(content));
  passed_ = session_.passed(info_hash_);
  piece_length_ = contents.piece_length;
  worker_ = std::jthread([this](std::stop_token stop) { run(std::move(stop)); });
  return {};
}

Retrieval::~Retrieval() {
  worker_.request_stop();
  if (worker_.joinable()) {
    worker_.join();
  }
  if (state_ != State::ready) {
    session_.remove(info_hash_);
    if (shortcut_) {
      shortcut_->withdraw();
    }
  }
}

void Retrieval::adopt(SignedDescriptor release) {
  INVARIANT(release.descriptor.info_hash == info_hash_);
  goal_.release = std::move(release);
  session_.set_limits(info_hash_, goal_.release.descriptor.clone_limits);
}

InfoHash Retrieval::swarm() const {
  return begun_ || !shortcut_ ? info_hash_ : shortcut_->awaited().value_or(info_hash_);
}

std::vector<InfoHash> Retrieval::served_deltas() const {
  return by_deltas() && state() == State::ready ? shortcut_->swarms() : std::vector<InfoHash>();
}

void Retrieval::on_event(const SwarmEvent& event) {
  if (shortcut_) {
    shortcut_->on_event(event);
  }
  const std::lock_guard lock(mutex_);
  if (const auto* file = std::get_if<FileArrived>(&event); file != nullptr && file->info_hash == info_hash_) {
    arrived_.insert(file->name);
    failpoint("file-arrived");
  } else if (const auto* all = std::get_if<AllArrived>(&event); all != nullptr && all->info_hash == info_hash_) {
    all_arrived_ = true;
  } else if (const auto* failed = std::get_if<SwarmFailed>(&event);
             failed != nullptr && failed->info_hash == info_hash_ && state_ == State::working) {
    state_ = State::failed;
    error_ = failed->error;
    worker_.request_stop();
  }
  changed_.notify_all();
}

Retrieval::State Retrieval::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

bool Retrieval::kept() const {
  const std::lock_guard lock(mutex_);
  return kept_;
}

bool Retrieval::nearly_ready() const {
  const std::lock_guard lock(mutex_);
  return state_ == State::working && all_arrived_;
}

Error Retrieval::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

Bytes Retrieval::unpacked() const {
  const std::lock_guard lock(mutex_);
  return unpacker_ ? unpacker_->written() : 0;
}

}  // namespace swarmout
