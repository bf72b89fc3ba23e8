// Looks at what this host holds, and removes what the plan says (gc_plan.hpp): trees, and packs with their records.
//
// Used by the verb `gc` and by the service, at the same time if need be: whatever one removes is gone for the other.

#pragma once

#include "common/release/store.hpp"
#include "peer/keep/gc_plan.hpp"
#include "peer/tree/release_trees.hpp"

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace swarmout {

struct GcOptions {
  std::size_t keep = 3;
  MinFree min_free{};
};

/// What a caller knows to be needed: digests of manifests, and why.
using Needs = std::map<Digest, std::string>;

/// What is here, with everything that is needed marked as such: by `needs`, by `current`, by jobs that work in a tree
/// and by pins by hand. Where a manifest of a release that stays is damaged, nobody can say what packs that needs: no
/// release is in it then, and `unclear` says why. Errors: cannot_write, temporary, not_found: it cannot be looked at.
[[nodiscard]] Result<GcInput> look_at_holdings(const Store& store, const ReleaseTrees& trees, const Needs& needs,
                                               const GcOptions& options);

struct Collected {
  std::vector<Removal> removed;
  std::string short_of{};         ///< what is short still
  std::string put_off{};          ///< why something was left for another time; empty: nothing was
  std::optional<Error> failed{};  ///< the first removal that did not succeed
};

/// Plans, and removes. `told` hears of each thing that was removed. Errors: as
/// look_at_holdings(); that one thing cannot be removed is no reason to leave the others, and is told at the end. What
/// was pinned since it was planned stays.
[[nodiscard]] Result<Collected> collect(Store& store, const ReleaseTrees& trees, const Needs& needs,
                                        const GcOptions& options, const std::function<void(const Removal&)>& told,
                                        const std::stop_token& stop = {});

}  // namespace swarmout
