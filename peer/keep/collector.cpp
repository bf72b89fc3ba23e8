#include "peer/keep/collector.hpp"

#include "common/base/failpoint.hpp"
#include "peer/keep/hand_pins.hpp"
#include "peer/keep/kept_trees.hpp"
#include "peer/tree/pins.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

namespace swarmout {

namespace {

bool same_disk(const Path& a, const Path& b) {
  struct stat first {};
  struct stat second {};
  return ::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 && first.st_dev == second.st_dev;
}

/// For a tree whose release nobody has a record of any more.
void measure(const Path& root, HeldTree& tree) {
  std::error_code error;
  for (auto each = std::filesystem::recursive_directory_iterator(root, error);
       !error && each != std::filesystem::recursive_directory_iterator(); each.increment(error)) {
    struct stat info {};
    if (::lstat(each->path().c_str(), &info) == 0) {
      tree.bytes += static_cast<Bytes>(info.st_blocks) * 512;
      ++tree.inodes;
    }
  }
}

std::string job_in(const Path& tree) {
  const auto free = try_unpinned(tree);
  return free && *free ? "" : "a job works in it";
}

HeldTree held(const KeptTree& kept, const Needs& needs) {
  HeldTree tree{kept.record.name, kept.record.manifest};
  const auto need = needs.find(kept.record.manifest);
  // Of what is current the packs are needed by all trees with its content, the tree itself is one.
  const bool another = need != needs.end() && need->second == kCurrent && !kept.current;
  tree.needed = kept.current                      ? std::string(kCurrent)
                : need != needs.end() && !another ? need->second
                                                  : job_in(kept.path);
  if (kept.release) {
    tree.bytes = kept.release->descriptor.tree_size;
    tree.inodes = kept.release->descriptor.files;
  } else {
    measure(kept.path, tree);
  }
  return tree;
}

HeldRelease held(const SignedDescriptor& release, const Needs& needs) {
  const Descriptor& descriptor = release.descriptor;
  HeldRelease found{digest_of(release), descriptor.position, descriptor.revision, descriptor.manifest};
  found.name = descriptor.name;
  if (const auto need = needs.find(descriptor.manifest); need != needs.end()) {
    found.needed = need->second;
  }
  return found;
}

Result<void> add_packs(const Store& store, HeldRelease& release) {
  TRY_ASSIGN(const auto packs, store.packs_of(release.manifest));
  for (const ListedPack& pack : packs) {
    release.packs.emplace_back(pack.root, pack.size);
  }
  return {};
}

class Collection {
public:
  Collection(Store& store, const ReleaseTrees& trees, const Needs& needs, const GcOptions& options,
             const std::function<void(const Removal&)>& told)
      : store_(store), trees_(trees), needs_(needs), options_(options), told_(told) {}

  /// Once: packs that a session serves are only gone when it lets go of them, and trees that share blocks free less
  /// than it seems. Who looked again at once would remove more than he has to.
  Result<Collected> run(const std::stop_token& stop) {
    TRY_ASSIGN(const GcInput input, look_at_holdings(store_, trees_, needs_, options_));
    const GcPlan plan = plan_gc(input);
    done_.short_of = plan.short_of;
    done_.put_off = input.unclear;
    std::set<Digest> forgotten;
    for (const Removal& each : plan.removals) {
      if (stop.stop_requested()) {
        return std::move(done_);
      }
      if (each.kind == Removal::Kind::packs) {
        forgotten.insert(each.id);
      } else if (const auto removed = remove_tree_of(each); !removed) {
        failed(removed.error());
      } else if (*removed) {
        note(each);
      }
      failpoint("during-gc");
    }
    if (!forgotten.empty()) {
      forget(plan, forgotten);
    }
    return std::move(done_);
  }

private:
  void forget(const GcPlan& plan, const std::set<Digest>& forgotten) {
    std::set<Digest> needed;
    for (const auto& [manifest, why] : needs_) {
      needed.insert(manifest);
    }
    const auto gone = store_.forget(forgotten, needed);
    if (!gone) {
      failed(gone.error());
      return;
    }
    if (!*gone) {
      done_.put_off = "another process is adding packs to the store, or pins";
      return;
    }
    for (const Removal& each : plan.removals) {
      if (each.kind == Removal::Kind::packs && (*gone)->contains(each.id)) {
        note(each);
      }
    }
  }

  Result<bool> remove_tree_of(const Removal& removal) {
    const auto identity = identity_of(trees_.dest() / "releases" / removal.name);
    const auto record = identity ? trees_.records().find(removal.name, *identity) : std::nullopt;
    TRY_ASSIGN(auto no_pin_comes, store_.lock_pins());
    if (!no_pin_comes) {
      done_.put_off = "somebody is pinning";
      return false;
    }
    TRY_ASSIGN(const bool pinned, HandPins(store_.state()).has(removal.id));  // since it was planned
    return record && !pinned ? trees_.remove(*record, *std::move(no_pin_comes)) : Result<bool>(false);
  }

  void failed(const Error& error) {
    done_.put_off = to_string(error);
    done_.failed = done_.failed ? done_.failed : std::optional(error);
  }

  void note(const Removal& removal) {
    told_(removal);
    done_.removed.push_back(removal);
  }

  Store& store_;
  const ReleaseTrees& trees_;
  const Needs& needs_;
  const GcOptions& options_;
  const std::function<void(const Removal&)>& told_;
  Collected done_;
};

}  // namespace

Result<GcInput> look_at_holdings(const Store& store, const ReleaseTrees& trees, const Needs& given,
                                 const GcOptions& options) {
  Needs needs = given;
  TRY_ASSIGN(const auto pins, HandPins(store.state()).all());
  for (const HandPin& each : pins) {
    needs.emplace(each.manifest, fmt::format("pinned by {}: {}", each.who, each.reason));
  }
  GcInput input;
  input.keep = options.keep;
  input.min_free = options.min_free;
  TRY_ASSIGN(input.of_trees, room_of(trees.dest()));
  TRY_ASSIGN(input.of_packs, room_of(store.state()));
  input.one_disk = same_disk(trees.dest(), store.state());
  TRY_ASSIGN(const auto releases, store.releases());
  TRY_ASSIGN(const auto kept, kept_trees(trees.dest(), trees.records(), releases));
  for (const KeptTree& each : kept) {
    input.trees.push_back(held(each, needs));
    if (each.current) {
      needs.emplace(each.record.manifest, std::string(kCurrent));
    }
  }
  // What manifests say is only of use where something may go.
  const bool any_to_go = releases.size() > options.keep || options.min_free.any();
  for (const SignedDescriptor& each : releases) {
    if (any_to_go) {
      HeldRelease release = held(each, needs);
      const bool stays = input.releases.size() < options.keep || !release.needed.empty();
      // One that goes needs nothing: else nothing would ever go again.
      if (const auto known = add_packs(store, release); !known && stays) {
        input.releases.clear();
        input.unclear = fmt::format("packs stay, since nobody can say which of them release {} needs: {}",
                                    each.descriptor.position.value, known.error().message);
        break;
      }
      input.releases.push_back(std::move(release));
    }
  }
  return input;
}

Result<Collected> collect(Store& store, const ReleaseTrees& trees, const Needs& needs, const GcOptions& options,
                          const std::function<void(const Removal&)>& told, const std::stop_token& stop) {
  return Collection(store, trees, needs, options, told).run(stop);
}

}  // namespace swarmout
