#include "peer/keep/spare.hpp"

#include "peer/keep/hand_pins.hpp"

namespace swarmout {

std::optional<std::size_t> find_spare(GcInput here, const HeldTree& coming) {
  here.trees.insert(here.trees.begin(), coming);
  here.trees.front().needed = "on its way";
  const GcPlan plan = plan_gc(here);
  for (std::size_t i = 1; i < here.trees.size(); ++i) {
    for (const Removal& each : plan.removals) {
      if (each.kind == Removal::Kind::tree && each.name == here.trees[i].name) {
        return i - 1;
      }
    }
  }
  return std::nullopt;
}

Result<std::optional<TakenTree>> take_spare(const Store& store, const ReleaseTrees& trees, const Needs& needs,
                                            const GcOptions& options, const Descriptor& coming, const Path& begun) {
  TRY_ASSIGN(const GcInput here, look_at_holdings(store, trees, needs, options));
  const auto spare = find_spare(here, HeldTree{release_name(coming), coming.manifest});
  if (!spare) {
    return std::nullopt;
  }
  const HeldTree& tree = here.trees[*spare];
  const auto identity = identity_of(trees.dest() / kReleasesFolder / tree.name);
  const auto record = identity ? trees.records().find(tree.name, *identity) : std::nullopt;
  TRY_ASSIGN(auto no_pin_comes, store.lock_pins());
  if (!record || !no_pin_comes) {
    return std::nullopt;
  }
  TRY_ASSIGN(const bool pinned, HandPins(store.state()).has(tree.manifest));  // since it was looked at
  if (pinned) {
    return std::nullopt;
  }
  TRY_ASSIGN(auto taken, take_tree(trees, *record, begun, *std::move(no_pin_comes)));
  if (taken) {
    taken->bytes = tree.bytes;
    taken->inodes = tree.inodes;
  }
  return taken;
}

}  // namespace swarmout
