#include "peer/jobs/verify_job.hpp"

#include "common/base/remove_tree.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/release/signing.hpp"
#include "common/share/open_share.hpp"
#include "peer/fetch/find_release.hpp"
#include "peer/fetch/kept_torrents.hpp"
#include "peer/fetch/manifest_fetch.hpp"
#include "peer/keep/kept_trees.hpp"
#include "peer/own_state.hpp"
#include "peer/tree/pins.hpp"
#include "peer/tree/release_trees.hpp"
#include "peer/tree/space.hpp"
#include "peer/verify/part_of_manifest.hpp"
#include "peer/verify/repair.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace swarmout {

namespace {

/// A directory below the state directory that goes with this.
class Workroom {
public:
  explicit Workroom(Path path) : path_(std::move(path)) {}
  ~Workroom() {
    if (const auto removed = remove_tree(path_); !removed) {
      spdlog::warn("{}", to_string(removed.error()));
    }
  }
  Workroom(const Workroom&) = delete;
  Workroom& operator=(const Workroom&) = delete;
  [[nodiscard]] const Path& path() const { return path_; }

private:
  Path path_;
};

class Verification {
public:
  Verification(const VerifyOptions& options, Clock& clock, const std::stop_token& stop, const VerifyReports& reports)
      : options_(options), clock_(clock), stop_(stop), reports_(reports) {}

  Result<Verified> run() {
    const MonotonicTime began = clock_.now();
    TRY(find());
    std::optional<Fd> lock;
    if (options_.repair) {
      auto locked = own_state(options_.peer.state, lock_of(kVerifyPurpose));
      if (!locked && locked.error().code != ErrorCode::cannot_write) {
        return tl::unexpected(locked.error());
      }
      if (locked) {
        lock = *std::move(locked);
      } else {
        result_.failed = locked.error();  // what is found is told all the same
      }
      TRY(store_->clear_scratch());
    }
    TRY_ASSIGN(const std::string bytes, manifest());
    TRY_ASSIGN(manifest_, decode_manifest(bytes));
    {
      // Nobody removes it meanwhile.
      TRY_ASSIGN(const auto pin, pin_tree(tree_.path));
      if (!pin) {
        return fail(ErrorCode::temporary, fmt::format("{} is just being removed, or repaired", tree_.path.native()));
      }
      TRY_ASSIGN(result_.check, check_tree(manifest_, tree_.path, reports_.check, stop_));
    }
    result_.left = result_.check.differences;
    if (lock && !result_.left.empty()) {
      if (const auto repaired = repair(); !repaired) {
        result_.failed = repaired.error();
      }
    }
    result_.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - began);
    return std::move(result_);
  }

private:
  Result<void> find() {
    TRY_ASSIGN(ThisHost host, look_at_this_host(options_.peer.dest, options_.peer.state));
    store_.emplace(std::move(host.store));
    records_.emplace(std::move(host.records));
    trees_ = std::move(host.kept);
    TRY_ASSIGN(tree_, find_kept(trees_, options_.release));
    if (tree_.path.empty()) {
      return fail(ErrorCode::not_found, fmt::format("of {} this host has the packs, but no tree", tree_.shown()));
    }
    result_.release = tree_.position();
    result_.shown = tree_.shown();
    result_.tree = tree_.path;
    return {};
  }

  /// From the store; one that is damaged or gone from the fleet, with `repair`.
  Result<std::string> manifest() {
    auto here = store_->manifest_bytes(tree_.record.manifest);
    if (here || !options_.repair) {
      return here ? here : fail(here.error().code, here.error().message, "`verify --repair` fetches it from the fleet");
    }
    TRY(reach_fleet());
    const Path room = options_.peer.state / "swarm" / fmt::format("{}-manifest", kVerifyPurpose);
    TRY_ASSIGN(std::string bytes, fetch_manifest(fleet(), *tree_.release, options_.peer.state, room, stop_,
                                                 reports_.fetch, result_.fetched));
    if (const auto kept = store_->put_manifest(bytes); !kept) {
      spdlog::warn("{}", to_string(kept.error()));  // it is as good from memory
    }
    return bytes;
  }

  /// Once, and only if something is not on this host.
  Result<void> reach_fleet() {
    if (reached_) {
      return {};
    }
    if (options_.peer.share.url.empty()) {
      return fail(ErrorCode::unavailable, "without --share nothing can be fetched", "give --share");
    }
    TRY_ASSIGN(keys_, TrustedKeys::load(options_.peer.keys));
    TRY_ASSIGN(share_, open_share(options_.peer.share, stop_));
    reader_.emplace(*share_, keys_);
    TRY_ASSIGN(log_, tree_.release ? reader_->refresh() : reader_->refresh_with_history(kSearchedReleases));
    if (!tree_.release) {
      tree_.release = find_release_of(*log_, tree_.record.manifest, keys_);
    }
    if (!tree_.release) {
      return fail(ErrorCode::not_found, fmt::format("the record of {} is gone from {}, and the log has no such release",
                                                    tree_.shown(), options_.peer.state.native()));
    }
    if (!keys_.verify(tree_.release->text, tree_.release->signature)) {
      return fail(ErrorCode::refused, fmt::format("{} is signed by no key that this host trusts", tree_.shown()));
    }
    reached_ = true;
    return {};
  }
  FleetAccess fleet() { return {*share_, *log_, keys_, options_.peer.swarm, clock_}; }

  Result<void> repair() {
    TRY_ASSIGN(const ReleaseTrees trees, ReleaseTrees::open(options_.peer.dest, options_.peer.state, kVerifyPurpose));
    tidy(trees);
    // Beside the tree, and ours from its first moment on.
    const Path beside = trees.incoming(tree_.record.name);
    Repair repair(manifest_, tree_.path, beside, result_.check.differences);
    const auto repaired = repair_in(beside, repair);
    result_.left = repair.left();
    tidy(trees);
    return repaired;
  }

  /// Of a repair that was killed, and of this one. What cannot be removed is no fault of the tree: it is said.
  static void tidy(const ReleaseTrees& trees) {
    if (const auto tidied = trees.tidy(std::nullopt); !tidied) {
      spdlog::warn("{}", to_string(tidied.error()));
    }
  }

  /// What needs no content comes first, and extras before all: where a disk is full, that makes room.
  Result<void> repair_in(const Path& room, Repair& repair) {
    TRY_ASSIGN(bool changed, change([&]() -> Result<void> {
                 repair.remove_extras();
                 return {};
               }));
    if (!changed || repair.left().empty()) {
      return {};
    }
    const auto made = records_->make_tree(room, tree_.record);
    TRY_ASSIGN(changed, change([&] { return repair.apply(); }));  // modes and directories need not even that
    TRY(made);
    if (!changed || repair.wanted().empty()) {
      return {};
    }
    TRY(check_room(room, {repair.wanted_bytes(), repair.wanted().size()}, "repairing the tree"));
    TRY(find_content(repair));
    return change([&] { return repair.apply(); }).map([](bool) {});
  }

  /// False: a job works in the tree, so nothing was done.
  Result<bool> change(const std::function<Result<void>()>& what) {
    TRY_ASSIGN(const auto unpinned, try_unpinned(tree_.path));
    if (!unpinned) {
      result_.not_repaired =
          fmt::format("a job works in {}: nothing in it is changed until that ends", tree_.path.native());
      return false;
    }
    return what().map([] { return true; });
  }

  Result<void> find_content(Repair& repair) {
    TRY(repair.find_in(content_of(*store_)));
    for (const KeptTree& other : trees_) {
      if (repair.wanted().empty()) {
        return {};
      }
      if (other.path.empty() || other.path == tree_.path) {
        continue;
      }
      if (const auto manifest = store_->manifest_bytes(other.record.manifest).and_then(decode_manifest)) {
        TRY(repair.find_in(content_of(other.path, *manifest)));
      }
    }
    return repair.wanted().empty() ? Result<void>() : find_in_fleet(repair);
  }

  /// The least that is needed. That it is not to be had now is no reason to leave the rest as it is.
  Result<void> find_in_fleet(Repair& repair) {
    const Path directory = options_.peer.state / "swarm" / fmt::format("{}-parts", kVerifyPurpose);
    TRY(store_->remove_layouts(kVerifyPurpose));
    const Workroom room(directory);
    const ContentSource others{
        "other hosts", [&](const Manifest& part, const Path& into) -> Result<void> {
          TRY(reach_fleet());
          PartWish wish{*tree_.release, {}, ranges_for(part), directory};
          TRY_ASSIGN(wish.torrent, KeptTorrents(options_.peer.state, *share_).get(tree_.release->descriptor));
          TRY_ASSIGN(const Bytes fetched, fetch_parts_from(fleet(), wish, stop_, reports_.fetch));
          result_.fetched += fetched;
          return unpack_part(part, directory / kTorrentRoot, into);
        }};
    TRY(repair.find_in(others));
    return stop_.stop_requested() ? Result<void>(fail(ErrorCode::temporary, "stopped on request")) : Result<void>();
  }

  const VerifyOptions& options_;
  Clock& clock_;
  const std::stop_token& stop_;
  const VerifyReports& reports_;
  std::optional<Store> store_;
  std::optional<TreeRecords> records_;
  std::vector<KeptTree> trees_;
  KeptTree tree_;
  TrustedKeys keys_;
  std::unique_ptr<Share> share_;
  std::optional<LogReader> reader_;
  const LogView* log_ = nullptr;
  bool reached_ = false;  ///< all four, and the release is trusted
  Manifest manifest_;
  Verified result_;
};

}  // namespace

Result<Verified> run_verify(const VerifyOptions& options, Clock& clock, const std::stop_token& stop,
                            const VerifyReports& reports) {
  return Verification(options, clock, stop, reports).run();
}

}  // namespace swarmout
