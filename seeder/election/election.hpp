// Which one host does the work: put-if-absent of the next CLAIM in the log.
//
// Drives the Contender with looks at a real share. The protocol: docs/election.md.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/fleet/log_view.hpp"
#include "common/share/share.hpp"
#include "seeder/election/contender.hpp"

#include <functional>
#include <stop_token>
#include <string>

namespace swarmout {

/// Told the owner of a CLAIM just before it is put: whatever becomes of this process then, it can be known whose it is.
using BeforeClaim = std::function<void(const std::string& owner)>;

/// Contends. Errors: failed, if the slot was given up; temporary: share unreachable, outcome unknown, stopped.
[[nodiscard]] Result<ElectionOutcome> elect(
    Share& share, LogReader& log, Clock& clock, const ElectionSettings& settings, std::stop_token stop,
    const BeforeClaim& before_claim = [](const std::string&) {});

}  // namespace swarmout
