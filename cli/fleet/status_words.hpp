// What a fleet is like, in words: the sentence that `status` begins with, and what is not as it should be. Pure.

#pragma once

#include "common/fleet/overview.hpp"

#include <string>
#include <vector>

namespace swarmout {

/// "release 42 (v1.2.3) is active on 97 of 100 hosts; 2 fetch; web07 silent for 3 h". Without a full stop.
[[nodiscard]] std::string status_sentence(const FleetOverview& fleet);

/// Holds, ways back, troubles and pins, a line each; what several hosts say stands once, with all their names.
[[nodiscard]] std::vector<std::string> status_remarks(const FleetOverview& fleet);

}  // namespace swarmout
