// A fleet as `status --json` prints it. What the fields are: docs/formats/status.schema.json.

#pragma once

#include "common/fleet/overview.hpp"

#include <nlohmann/json.hpp>

namespace swarmout {

/// Fields are only ever added.
[[nodiscard]] nlohmann::ordered_json status_json(const FleetOverview& fleet);

}  // namespace swarmout
