// `gc` by hand: what the service does after each activation, now, and with other wishes.

#pragma once

#include "common/base/host.hpp"
#include "peer/keep/collector.hpp"

#include <functional>
#include <stop_token>

namespace swarmout {

struct GcJobOptions {
  Path dest = kDefaultDest;
  Path state = kDefaultState;
  GcOptions gc;
  bool dry_run = false;
};

struct GcReport {
  Collected collected;  ///< of a dry run what would be removed
  GcInput before;
};

/// `told` hears of each thing that is removed, or would be. Errors: not_found: no host's state; temporary: another one
/// is at it; as collect().
[[nodiscard]] Result<GcReport> run_gc(const GcJobOptions& options, const std::function<void(const Removal&)>& told,
                                      const std::stop_token& stop);

}  // namespace swarmout
