// A tree that goes as soon as the next release is active may become that release's tree: nothing has to be copied then.

#pragma once

#include "peer/keep/collector.hpp"
#include "peer/tree/taken_tree.hpp"

#include <optional>
#include <string>

namespace swarmout {

/// The tree that plan_gc() would remove once `coming` is here, too: of several the newest. Nullopt: all stay. Its place
/// in `here.trees`.
[[nodiscard]] std::optional<std::size_t> find_spare(GcInput here, const HeldTree& coming);

/// Finds one, and takes it (take_tree()), to be made into the tree of `coming` in the place of the empty one at
/// `begun`. `needs` is what must stay. Nullopt: there is none, or somebody pins it. Errors: as look_at_holdings() and
/// take_tree(); the empty tree is there.
[[nodiscard]] Result<std::optional<TakenTree>> take_spare(const Store& store, const ReleaseTrees& trees,
                                                          const Needs& needs, const GcOptions& options,
                                                          const Descriptor& coming, const Path& begun);

}  // namespace swarmout
