// `doctor --fleet`: what the records of all hosts say about them. Pure.

#pragma once

#include "common/fleet/overview.hpp"
#include "peer/doctor/doctor.hpp"

#include <vector>

namespace swarmout {

/// fleet-releases: who is on which release; fleet-laggards: who is not on the current one, and why; fleet-versions: of
/// swarmout; fleet-silent: who has a record and does not write it any more.
[[nodiscard]] std::vector<Finding> fleet_findings(const FleetOverview& fleet);

}  // namespace swarmout
