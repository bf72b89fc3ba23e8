// One kind of share for each kind of address.

#pragma once

#include "common/share/share.hpp"

#include <memory>
#include <stop_token>

namespace swarmout {

/// Opens an initialised share. Never creates anything. Once `stop` is requested, a call that gets no answer is given up
/// after a second; those that get one go on working.
///
/// Errors:
///   usage        the address makes no sense
///   unavailable  there is no FORMAT: not mounted, or never initialised; user, password or certificates are wrong
///   refused      FORMAT has a version or primitive this program does not know
///   temporary    the place cannot be reached
[[nodiscard]] Result<std::unique_ptr<Share>> open_share(const ShareAddress& address, std::stop_token stop = {});

/// Makes a share there. Nothing else ever does. One that exists keeps what it has; what is missing in it is made again.
///
/// Errors: cannot_write; refused, if the place has other things in it; temporary.
[[nodiscard]] Result<InitOutcome> init_share(const ShareAddress& address, std::stop_token stop = {});

/// Where the share of a job is, within the share of a fleet.
[[nodiscard]] ShareAddress job_address(const ShareAddress& share, const std::string& job);

/// The share of a job: a log of its own, whose id follows from that of the fleet's share and the job's name. It is made
/// by whoever comes first, but never where the fleet's share itself is not initialised. `job`: as good_name() has it.
/// Errors: as open_share() and init_share(); refused: what is there belongs to another share of a fleet.
[[nodiscard]] Result<std::unique_ptr<Share>> open_job_share(const ShareAddress& share, const std::string& job,
                                                            std::stop_token stop = {});

}  // namespace swarmout
