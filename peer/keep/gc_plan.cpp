#include "peer/keep/gc_plan.hpp"

#include "common/release/descriptor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace swarmout {

namespace {

/// What a file system has too little of, while a plan is made.
class Shortage {
public:
  Shortage(const Room& room, const MinFree& wanted) : free_(room.free), free_inodes_(room.free_inodes) {
    wanted_ = std::max(wanted.bytes, room.total / 100 * wanted.percent);
    wanted_inodes_ = room.total_inodes / 100 * wanted.percent;
  }
  void freed(Bytes bytes, std::uint64_t inodes) {
    free_ += bytes;
    free_inodes_ += inodes;
  }
  [[nodiscard]] bool any() const { return free_ < wanted_ || free_inodes_ < wanted_inodes_; }
  [[nodiscard]] std::string words() const {
    return free_ < wanted_ ? fmt::format("{} MiB are free, {} MiB shall be", free_ / kMiB, wanted_ / kMiB)
                           : fmt::format("{} inodes are free, {} shall be", free_inodes_, wanted_inodes_);
  }

private:
  Bytes free_;
  std::uint64_t free_inodes_;
  Bytes wanted_ = 0;
  std::uint64_t wanted_inodes_ = 0;
};

class Planner {
public:
  explicit Planner(const GcInput& input)
      : input_(input), packs_(input.of_packs, input.min_free), trees_(input.of_trees, input.min_free) {
    for (const HeldRelease& release : input.releases) {
      for (const auto& [root, bytes] : release.packs) {
        ++uses_[root];
      }
    }
    tree_gone_.assign(input.trees.size(), false);
    release_gone_.assign(input.releases.size(), false);
  }

  GcPlan run() {
    for (std::size_t i = input_.trees.size(); i-- > input_.keep;) {
      remove_tree_at(i, fmt::format("beyond the newest {}", input_.keep));
    }
    for (std::size_t i = input_.releases.size(); i-- > input_.keep;) {
      remove_release_at(i, fmt::format("beyond the newest {}", input_.keep));
    }
    // The oldest first, tree and packs of a release together; what is short decides which of them.
    const std::size_t most = std::max(input_.trees.size(), input_.releases.size());
    for (std::size_t i = most; i-- > 0;) {
      if (i < input_.trees.size() && short_of_trees().any()) {
        remove_tree_at(i, short_of_trees().words());
      }
      if (i < input_.releases.size() && packs_.any()) {
        remove_release_at(i, packs_.words());
      }
    }
    plan_.short_of = packs_.any() ? packs_.words() : short_of_trees().any() ? short_of_trees().words() : "";
    return std::move(plan_);
  }

private:
  Shortage& short_of_trees() { return input_.one_disk ? packs_ : trees_; }

  /// Where `current` leads nowhere, the newest tree is the one that works.
  bool is_last(std::size_t index) const {
    const bool any_current = std::any_of(input_.trees.begin(), input_.trees.end(),
                                         [](const HeldTree& each) { return each.needed == kCurrent; });
    return index == 0 && !any_current;
  }

  void remove_tree_at(std::size_t index, std::string why) {
    const HeldTree& tree = input_.trees[index];
    if (tree_gone_[index] || !tree.needed.empty() || is_last(index)) {
      return;
    }
    tree_gone_[index] = true;
    short_of_trees().freed(tree.bytes, tree.inodes);
    plan_.removals.push_back({Removal::Kind::tree, tree.name, tree.manifest, std::move(why), tree.bytes});
  }

  void remove_release_at(std::size_t index, std::string why) {
    const HeldRelease& release = input_.releases[index];
    if (release_gone_[index] || !release.needed.empty()) {
      return;
    }
    release_gone_[index] = true;
    Bytes freed = 0;
    std::uint64_t files = 0;
    for (const auto& [root, bytes] : release.packs) {
      if (--uses_[root] == 0) {
        freed += bytes;
        files += 2;
      }
    }
    packs_.freed(freed, files);
    plan_.removals.push_back({Removal::Kind::packs,
                              release_title(ReleaseNames{release.position, release.revision, release.name}),
                              release.digest, std::move(why), freed});
  }

  const GcInput& input_;
  Shortage packs_;
  Shortage trees_;
  std::map<Digest, std::size_t> uses_;
  std::vector<bool> tree_gone_;
  std::vector<bool> release_gone_;
  GcPlan plan_;
};

}  // namespace

GcPlan plan_gc(const GcInput& input) {
  return Planner(input).run();
}

}  // namespace swarmout
