#include "common/base/failpoint.hpp"
#include "common/base/remove_tree.hpp"
#include "peer/fetch/retrieval.hpp"
#include "peer/tree/space.hpp"
#include "peer/tree/tree_stamps.hpp"

#include <spdlog/spdlog.h>

// The part of a retrieval that runs on a thread of its own: from what arrives to a tree.

namespace swarmout {

namespace {

/// While pieces come: frames are unpacked in handfuls.
constexpr std::chrono::milliseconds kLookForPieces{50};

bool may_be_on_its_way(const Error& error) {
  return error.code == ErrorCode::refused || error.code == ErrorCode::not_found;
}

}  // namespace

void Retrieval::run(std::stop_token stop) {
  const auto made = make_tree(stop);
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::working) {
      state_ = made ? State::ready : State::failed;
      error_ = made ? Error() : made.error();
    }
    if (state_ != State::ready) {
      return;
    }
  }
  const auto kept = keep_in_store(*made, stop);
  const std::lock_guard lock(mutex_);
  kept_ = kept.has_value();
  if (!kept) {
    state_ = State::failed;
    error_ = kept.error();
  }
}

/// "Arrived" means that the hashes passed in memory; the last blocks, or the whole file, may reach the disk later.
Result<void> Retrieval::pause_for_the_disk(const std::stop_token& stop) {
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

/// What is not known of it costs reading it, and no more.
void Retrieval::recall_taken(Manifest& manifest, OldTree& tree) const {
  const TakenTree& taken = *goal_.taken;
  tree.look = taken.look;
  const auto bytes = store_.manifest_bytes(taken.manifest);
  auto known = bytes ? decode_manifest(*bytes) : tl::unexpected(bytes.error());
  if (!known) {
    if (known.error().code != ErrorCode::not_found) {  // a leader of this host has pruned already
      spdlog::warn("each file of the tree {} is read: {}", taken.name, to_string(known.error()));
    }
    return;
  }
  manifest = *std::move(known);
  tree.manifest = &manifest;
  auto stamps = read_stamps(store_.state(), identity_of(goal_.tree).value_or(TreeIdentity{}), taken.manifest,
                            manifest.nodes.size());
  if (stamps) {
    tree.stamps = *std::move(stamps);
    tree.believed = goal_.purpose == kPeerPurpose;  // seal() looks
  } else if (stamps.error().code != ErrorCode::not_found) {
    spdlog::warn("each file of the tree {} is read: {}", taken.name, to_string(stamps.error()));
  }
}

/// For a tree of this host: that of somebody's own directory is his.
Result<void> Retrieval::seal(const Unpacker& unpacker) const {
  const auto tree = identity_of(goal_.tree);
  if (goal_.purpose != kPeerPurpose || !tree) {
    return {};
  }
  TRY_ASSIGN(const auto stamps, unpacker.seal());
  if (const auto written = write_stamps(store_.state(), *tree, content_.manifest, stamps); !written) {
    spdlog::warn("{}", to_string(written.error()));  // each file is read, then
  }
  return {};
}

Result<Manifest> Retrieval::make_tree(const std::stop_token& stop) {
  TRY_ASSIGN(Manifest manifest, take_manifest(stop));
  REFUSE_UNLESS(manifest.revision == content_.revision && manifest.tree_size() == content_.tree_size,
                "the manifest and the descriptor do not fit");
  for (const PackInfo& pack : manifest.packs) {
    REFUSE_UNLESS(files_.contains(pack_name(pack.root)), "the manifest names a pack that is not in the torrent");
  }
  failpoint("after-manifest");

  if (goal_.tree_exists) {
    TRY(await_all(stop));
  } else {
    Manifest previous;
    std::optional<PreviousTree> tree;
    if (const auto taken = take_previous(previous, tree); !taken) {
      spdlog::warn("not using the previous release's files: {}", to_string(taken.error()));
    }
    Manifest of_taken;
    OldTree taken;
    if (goal_.taken) {
      recall_taken(of_taken, taken);
    }
    const PreviousTree* const active = tree ? &*tree : nullptr;
    auto built = build(manifest, active, goal_.taken ? &taken : nullptr, stop);
    if (!built && built.error().code != ErrorCode::refused && taken.believed && !stop.stop_requested()) {
      spdlog::warn("the tree {}, which nobody uses any more, was changed by somebody; all of it is looked at: {}",
                   goal_.taken->name, built.error().message);
      taken.believed = false;
      built = build(manifest, active, &taken, stop);
    }
    TRY(std::move(built));
  }
  return manifest;
}

Result<void> Retrieval::build(const Manifest& manifest, const PreviousTree* previous, const OldTree* taken,
                              const std::stop_token& stop) {
  TRY_ASSIGN(const std::shared_ptr<Unpacker> unpacker, Unpacker::start(manifest, goal_.tree, previous, taken));
  {
    const std::lock_guard lock(mutex_);
    unpacker_ = unpacker;
  }
  TRY(unpack_packs(*unpacker, manifest, stop));
  TRY(unpacker->finish());
  failpoint("after-unpack");
  TRY(await_all(stop));
  TRY(sync_filesystem(goal_.tree));
  return seal(*unpacker);
}

Result<void> Retrieval::await_all(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const bool all = changed_.wait(lock, stop, [this] { return all_arrived_; });
  return all ? Result<void>() : fail(ErrorCode::temporary, "stopped on request");
}

/// A pack that files of the tree come from.
struct Retrieval::Arriving {
  std::size_t index;        ///< in the manifest
  std::string name;         ///< in the torrent
  std::size_t first_piece;  ///< there
  bool whole = false;       ///< all of it has arrived
};

/// Frames as their pieces come, in whatever order.
Result<void> Retrieval::unpack_packs(Unpacker& unpacker, const Manifest& manifest, const std::stop_token& stop) {
  std::vector<Arriving> left;
  for (std::size_t i = 0; i < manifest.packs.size(); ++i) {
    if (unpacker.needs(i)) {
      const std::string name = pack_name(manifest.packs[i].root);
      left.push_back({i, name, files_.at(name)});
    }
  }
  std::size_t seen = 0;
  while (!left.empty()) {
    TRY_ASSIGN(const bool flushed, await_more(left, seen, stop));
    std::vector<Arriving> later;
    bool missed = false;
    for (const Arriving& pack : left) {
      const auto done = unpack_some(unpacker, manifest, pack, flushed);
      missed = missed || (!done && !flushed && may_be_on_its_way(done.error()));
      if (!done && (flushed || !may_be_on_its_way(done.error()))) {
        return tl::unexpected(done.error());
      }
      if (!done || !*done) {
        later.push_back(pack);
      } else {
        failpoint("after-pack");
      }
    }
    left = std::move(later);
    if (missed) {
      seen = 0;
      TRY(pause_for_the_disk(stop));
    }
  }
  return {};
}

/// True: what has arrived is on its way to the disk no more.
Result<bool> Retrieval::await_more(std::vector<Arriving>& packs, std::size_t& seen, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const auto more = [&] {
    const std::size_t now = 1 + (passed_ ? passed_->count() : 0) + arrived_.size() + (all_arrived_ ? 1 : 0);
    const bool changed = now != seen;
    seen = now;
    return changed;
  };
  while (!changed_.wait_for(lock, stop, kLookForPieces, more)) {
    if (stop.stop_requested()) {
      return fail(ErrorCode::temporary, "stopped on request");
    }
  }
  for (Arriving& pack : packs) {
    pack.whole = all_arrived_ || arrived_.contains(pack.name);
  }
  return all_arrived_;
}

Result<bool> Retrieval::unpack_some(Unpacker& unpacker, const Manifest& manifest, const Arriving& pack, bool flushed) {
  const auto there = [&](Bytes offset, Bytes size) {
    return pack.whole || (passed_ && passed_->has_all({pack.first_piece + offset / piece_length_,
                                                       pack.first_piece + (offset + size - 1) / piece_length_ + 1}));
  };
  auto unpacked = unpacker.unpack(pack.index, layout_ / kTorrentRoot / pack.name, there);
  if (!unpacked && unpacked.error().code == ErrorCode::refused && flushed) {
    TRY(drop_damaged(manifest));
  }
  return unpacked;
}

Result<void> Retrieval::keep_in_store(const Manifest& manifest, const std::stop_token& stop) {
  TRY(sync_filesystem(layout_));
  failpoint("before-keep");
  TRY_ASSIGN(const Fd lock, store_.lock_for_writing(stop));
  const Path files = layout_ / kTorrentRoot;
  TRY_ASSIGN(const std::string bytes, read_file(files / kManifestName, kMaxManifestFile));
  TRY(store_.put_manifest(bytes));  // first: it says whose the packs are
  for (const PackInfo& pack : manifest.packs) {
    if (stop.stop_requested()) {
      return fail(ErrorCode::temporary, "stopped on request");
    }
    if (!store_.has_pack(pack.root, pack.size)) {
      TRY(store_.adopt_pack(files / pack_name(pack.root), pack.root));
    }
  }
  failpoint("after-keep");
  return {};
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
