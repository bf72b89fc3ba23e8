// Which deltas lead from what this host has to a release.

#pragma once

#include "common/release/signing.hpp"
#include "common/release/store.hpp"
#include "common/share/share.hpp"
#include "peer/delta/shortcut.hpp"

#include <functional>
#include <string>
#include <vector>

namespace swarmout {

/// Of a published release, with a good signature.
using ReleaseAt = std::function<Result<SignedDescriptor>(Position)>;

/// A host that is further behind gets packs: each release between must be made.
inline constexpr std::size_t kMostDeltas = 8;

struct FoundDeltas {
  std::vector<DeltaStep> steps;  ///< as ShortcutGoal has them; empty: none lead there
  std::string why_not{};         ///< then, for people
};

/// Deltas are between a release and the one that it was packed against; several lead there one after the other. Reads
/// the delta files that it finds. It fails at nothing: without deltas there are packs.
[[nodiscard]] FoundDeltas find_deltas(Share& share, const Store& store, const Descriptor& release,
                                      const ReleaseAt& release_at);

}  // namespace swarmout
