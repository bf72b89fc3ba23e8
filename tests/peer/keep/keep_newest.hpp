// Removal by number, as `gc --keep` does it.

#pragma once

#include "peer/keep/collector.hpp"

namespace swarmout::test {

/// All trees but these, and what was left beside them.
inline Result<void> keep_newest(std::size_t keep, const ReleaseTrees& trees, const Path& state) {
  TRY_ASSIGN(Store store, Store::open(state));
  GcOptions options;
  options.keep = keep;
  TRY_ASSIGN(const Collected collected, collect(store, trees, {}, options, [](const Removal&) {}));
  TRY(trees.tidy(std::nullopt));
  return collected.failed ? Result<void>(tl::unexpected(*collected.failed)) : Result<void>();
}

}  // namespace swarmout::test
