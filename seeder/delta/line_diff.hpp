// Which lines differ: Wu, Manber, Myers and Miller, "An O(NP) Sequence Comparison Algorithm" (1990), by dtl.

#pragma once

#include "common/base/units.hpp"
#include "common/delta/line_script.hpp"

#include <optional>

namespace swarmout {

/// Without '\0' at its beginning, as diff(1) has it.
[[nodiscard]] bool looks_like_text(ByteView content);

/// Makes `after` of `before`. Nothing: they differ so much that it would take long; what is sent is as much, then.
[[nodiscard]] std::optional<LineScript> line_diff(ByteView before, ByteView after);

}  // namespace swarmout
