#include "peer/fetch/retrieval.hpp"

#include "common/base/failpoint.hpp"
#include "common/base/remove_tree.hpp"
#include "peer/tree/space.hpp"

#include <spdlog/spdlog.h>

namespace swarmout {

namespace {

bool may_be_on_its_way(const Error& error) {
  return error.code == ErrorCode::refused || error.code == ErrorCode::not_found;
}

}  // namespace

Retrieval::Retrieval(Store& store, SwarmSession& session, RetrievalGoal goal)
    : store_(store),
      session_(session),
      goal_(std::move(goal)),
      content_(goal_.release.descriptor),
      info_hash_(content_.info_hash) {}

Result<std::unique_ptr<Retrieval>> Retrieval::start(Store& store, SwarmSession& session, RetrievalGoal goal) {
  std::unique_ptr<Retrieval> retrieval(new Retrieval(store, session, std::move(goal)));
  TRY(retrieval->goal_.deltas.empty() ? retrieval->begin() : retrieval->begin_shortcut());
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
  TRY_ASSIGN(shortcut_, Shortcut::start(store_, session_, std::move(goal)));
  return {};
}

void Retrieval::tick(MonotonicTime now) {
  if (!shortcut_ || begun_ || state() != State::working) {
    return;
  }
  shortcut_->tick(now);
  if (shortcut_->state() != Shortcut::State::working) {
    end_shortcut();
  }
}

void Retrieval::end_shortcut() {
  const auto begun = [&]() -> Result<void> {
    if (shortcut_->state() == Shortcut::State::made) {
      made_ = shortcut_->take();
      goal_.torrent = made_.torrent;
    } else {
      spdlog::warn("release {} is fetched in packs, not by its delta: {}", content_.position.value,
                   to_string(shortcut_->error()));
      shortcut_.reset();
      TRY_ASSIGN(goal_.torrent, goal_.ask_torrent());
    }
    return begin();
  }();
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
    files_.insert(file.name);
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
    TRY(check_room(tree, {content_.tree_size, content_.files}, "unpacking the release"));
  }
  arrived_ = content.complete;
  TRY(session_.add(content));
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
  }
}

void Retrieval::adopt(SignedDescriptor release) {
  INVARIANT(release.descriptor.info_hash == info_hash_);
  goal_.release = std::move(release);
  session_.set_limits(info_hash_, goal_.release.descriptor.clone_limits);
}

InfoHash Retrieval::swarm() const {
  return begun_ || !shortcut_ || shortcut_->swarms().empty() ? info_hash_ : shortcut_->swarms().front();
}

std::vector<InfoHash> Retrieval::served_deltas() const {
  return by_deltas() ? shortcut_->swarms() : std::vector<InfoHash>();
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

Error Retrieval::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

Bytes Retrieval::unpacked() const {
  const std::lock_guard lock(mutex_);
  return unpacker_ ? unpacker_->written() : 0;
}

void Retrieval::run(std::stop_token stop) {
  const Result<void> done = unpack_all(std::move(stop));
  const std::lock_guard lock(mutex_);
  if (state_ == State::working) {
    state_ = done ? State::ready : State::failed;
    if (!done) {
      error_ = done.error();
    }
  }
}

/// "Arrived" means that the hashes passed in memory; the last blocks, or the whole file, may reach the disk later.
Result<void> Retrieval::pause_for_the_disk(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, std::chrono::milliseconds(20), [this] { return all_arrived_; });
  return stop.stop_requested() ? Result<void>(fail(ErrorCode::temporary, "stopped on request")) : Result<void>();
}

Result<std::string> Retrieval::await_manifest(std::stop_token stop) {
  const Path file = layout_ / kTorrentRoot / kManifestName;
  while (true) {
    bool flushed = false;
    {
      std::unique_lock lock(mutex_);
      const std::string name(kManifestName);
      if (!changed_.wait(lock, stop, [&] { return arrived_.contains(name) || all_arrived_; })) {
        return fail(ErrorCode::temporary, "stopped on request");
      }
      flushed = all_arrived_;
    }
    auto bytes = read_file(file, kMaxManifestFile);
    if (bytes && sha256(*bytes) == content_.manifest) {
      return bytes;
    }
    if (bytes) {
      bytes = fail(ErrorCode::refused, "the manifest is not the one that was signed");
    }
    if (flushed || !may_be_on_its_way(bytes.error())) {
      return bytes;
    }
    TRY(pause_for_the_disk(stop));
  }
}

Result<Manifest> Retrieval::take_manifest(const std::stop_token& stop) {
  if (by_deltas()) {
    return std::move(made_.manifest);
  }
  TRY_ASSIGN(const std::string bytes, await_manifest(stop));
  return decode_manifest(bytes);
}

Result<void> Retrieval::take_previous(Manifest& previous, std::optional<PreviousTree>& tree) {
  if (goal_.previous && path_exists(goal_.previous_tree)) {
    if (made_.before_digest == goal_.previous->descriptor.manifest) {
      previous = std::move(made_.before);
    } else {
      TRY_ASSIGN(const std::string bytes, store_.manifest_bytes(goal_.previous->descriptor.manifest));
      TRY_ASSIGN(previous, decode_manifest(bytes));
    }
    tree.emplace(PreviousTree{goal_.previous_tree, previous});
  }
  return {};
}

Result<void> Retrieval::unpack_all(std::stop_token stop) {
  const Path files = layout_ / kTorrentRoot;
  TRY_ASSIGN(const Manifest manifest, take_manifest(stop));
  REFUSE_UNLESS(manifest.revision == content_.revision && manifest.tree_size() == content_.tree_size,
                "the manifest and the descriptor do not fit");
  for (const PackInfo& pack : manifest.packs) {
    REFUSE_UNLESS(files_.contains(pack_name(pack.root)), "the manifest names a pack that is not in the torrent");
  }
  failpoint("after-manifest");

  if (!goal_.tree_exists) {
    Manifest previous;
    std::optional<PreviousTree> tree;
    if (const auto taken = take_previous(previous, tree); !taken) {
      spdlog::warn("not using the previous release's files: {}", to_string(taken.error()));
    }
    TRY_ASSIGN(std::shared_ptr<Unpacker> unpacker, Unpacker::start(manifest, goal_.tree, tree ? &*tree : nullptr));
    {
      const std::lock_guard lock(mutex_);
      unpacker_ = unpacker;
    }
    std::set<std::size_t> left;
    for (std::size_t i = 0; i < manifest.packs.size(); ++i) {
      if (unpacker->needs(i)) {
        left.insert(i);
      }
    }
    while (!left.empty()) {
      std::optional<std::size_t> next;
      bool flushed = false;
      {
        std::unique_lock lock(mutex_);
        const bool woken = changed_.wait(lock, stop, [&] {
          for (const std::size_t pack : left) {
            if (all_arrived_ || arrived_.contains(pack_name(manifest.packs[pack].root))) {
              next = pack;
              flushed = all_arrived_;
              return true;
            }
          }
          return false;
        });
        if (!woken) {
          return fail(ErrorCode::temporary, "stopped on request");
        }
      }
      auto unpacked = unpacker->unpack(*next, files / pack_name(manifest.packs[*next].root));
      if (!unpacked && !flushed && may_be_on_its_way(unpacked.error())) {
        TRY(pause_for_the_disk(stop));
        continue;
      }
      if (!unpacked && unpacked.error().code == ErrorCode::refused) {
        TRY(drop_damaged(manifest));
      }
      TRY(unpacked);
      left.erase(*next);
      failpoint("after-pack");
    }
    TRY(unpacker->finish());
    failpoint("after-unpack");
  }
  {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [&] { return all_arrived_; })) {
      return fail(ErrorCode::temporary, "stopped on request");
    }
  }
  if (!goal_.tree_exists) {
    TRY(sync_filesystem(goal_.tree));
  }
  TRY(sync_filesystem(layout_));
  failpoint("before-keep");
  TRY(keep_in_store(manifest, stop));
  failpoint("after-keep");
  return {};
}

Result<void> Retrieval::keep_in_store(const Manifest& manifest, const std::stop_token& stop) {
  TRY_ASSIGN(const Fd lock, store_.lock_for_writing(stop));
  const Path files = layout_ / kTorrentRoot;
  for (const PackInfo& pack : manifest.packs) {
    if (!store_.has_pack(pack.root, pack.size)) {
      TRY(store_.adopt_pack(files / pack_name(pack.root), pack.root));
    }
  }
  TRY_ASSIGN(const std::string bytes, read_file(files / kManifestName, kMaxManifestFile));
  return store_.put_manifest(bytes);
}

/// A pack that was "here already" turned out wrong: forget it, so that the next attempt fetches it.
Result<void> Retrieval::drop_damaged(const Manifest& manifest) {
  for (const PackInfo& pack : manifest.packs) {
    const Path path = layout_ / kTorrentRoot / pack_name(pack.root);
    const auto leaves = hash_leaves(path);
    if (leaves && merkle_root(*leaves) != pack.root) {
      spdlog::error("{} is damaged on this disk; it will be fetched again", path.native());
      TRY(remove_tree(path));
      TRY(remove_tree(store_.pack_path(pack.root)));
    }
  }
  return {};
}

}  // namespace swarmout
