// Which one host does the work: put-if-absent of the next CLAIM in the log.
//
// Drives the Contender with looks at a real share. The protocol: docs/election.md.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/fleet/log_view.hpp"
#include "common/share/share.hpp"
#include "seeder/election/contender.hpp"

#include <stop_token>

namespace swarmout {

/// Contends. Errors: failed, if the slot was given up; temporary: share unreachable, outcome unknown, stopped.
[[nodiscard]] Result<ElectionOutcome> elect(Share& share, LogReader& log, Clock& clock,
                                            const ElectionSettings& settings, std::stop_token stop);

}  // namespace swarmout
