// Which one host does the work: put-if-absent of the next CLAIM in the log.
//
// Drives the Contender with looks at a real share. The protocol: docs/election.md.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/fleet/log_view.hpp"
#include "common/fleet/signed_record.hpp"
#include "common/share/share.hpp"
#include "seeder/election/contender.hpp"
#include "seeder/election/put_claim.hpp"

#include <stop_token>
#include <string>

namespace swarmout {

/// How far a beat's time may be from now, by this host's clock or by the share's, and still be one: whoever kept the
/// beats of a leader that is gone cannot play them again for longer.
inline constexpr std::chrono::hours kBeatAge{1};

/// Contends. What stands on the share and is nobody's with a trusted key decides nothing; it is said, once, and the
/// election goes on at the next number. Errors: failed, if the slot was given up; temporary: share unreachable, outcome
/// unknown, stopped; refused: too much of what is not signed is in the way; what Signer::sign_line() and `before_claim`
/// fail with.
[[nodiscard]] Result<ElectionOutcome> elect(
    Share& share, LogReader& log, Clock& clock, const Signer& signer, const ElectionSettings& settings,
    std::stop_token stop, const BeforeClaim& before_claim = [](const std::string&) { return Result<void>(); });

}  // namespace swarmout
