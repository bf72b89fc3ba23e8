// `rollback`, for the fleet: is there anybody to have the release from, the COMMIT, and who is on it.

#pragma once

#include "common/release/signing.hpp"
#include "seeder/steer/reach.hpp"
#include "seeder/steer/steer.hpp"

namespace swarmout {

/// The newest release before the one that is current, of those at the end of the view, that nobody went back from: what
/// was left once is bad until somebody names it. Null: there is none.
[[nodiscard]] const LogEntry* release_before_current(const LogView& log);

/// Errors: unavailable: no live host has all of it, or its torrent is gone and no host has it; not asked with `force`.
[[nodiscard]] Result<void> can_be_had(Share& share, const Descriptor& release);

/// steer() to `release`, whose torrent is on the share afterwards if it was before, whoever tidies up meanwhile.
/// Errors: as steer().
[[nodiscard]] Result<Steered> go_back(const Pen& pen, LogReader& log, const Descriptor& release, SteerOrder order,
                                      std::stop_token stop);

}  // namespace swarmout
