#include "common/base/failpoint.hpp"
#include "common/base/remove_tree.hpp"
#include "peer/fetch/retrieval.hpp"
#include "peer/tree/space.hpp"
#include "peer/tree/tree_stamps.hpp"

#include <spdlog/spdlog.h>

// The part of a retrieval that runs on a thread of its own: from what arrives to a tree.

namespace swarmout {

namespace {

bool may_be_on_its_way(const Error& error) {
  return error.code == ErrorCode::refused || error.code == ErrorCode::not_found;
}

}  // namespace

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
    Manifest of_taken;
    OldTree taken;
    if (goal_.taken) {
      recall_taken(of_taken, taken);
    }
    TRY_ASSIGN(std::shared_ptr<Unpacker> unpacker,
               Unpacker::start(manifest, goal_.tree, tree ? &*tree : nullptr, goal_.taken ? &taken : nullptr));
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
    TRY(seal(*unpacker_));
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
