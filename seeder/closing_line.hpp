// What a leader says at its end.

#pragma once

#include "common/release/descriptor.hpp"
#include "common/swarm/traffic.hpp"
#include "seeder/spread.hpp"

#include <string>

namespace swarmout {

/// `line_rate`: bytes a second this host can send, 0 if that is not known.
[[nodiscard]] std::string closing_line(const Descriptor& release, const Spread& spread, const Traffic& traffic,
                                       double line_rate);

}  // namespace swarmout
