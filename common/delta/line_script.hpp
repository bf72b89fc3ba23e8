// How one text becomes another, in lines.
//
// A line ends behind its '\n'; what follows the last one is a line, too. A script is a list of hunks from the beginning
// of the old text to its end; what follows the last hunk is kept.

#pragma once

#include "common/base/units.hpp"

#include <cstdint>
#include <vector>

namespace swarmout {

struct LineHunk {
  std::uint32_t kept = 0;     ///< old lines since the hunk before
  std::uint32_t removed = 0;  ///< old lines
  std::uint32_t added = 0;    ///< new lines
  bool operator==(const LineHunk&) const = default;
};
using LineScript = std::vector<LineHunk>;

/// Where the lines of a text begin, and at the end where the last one ends: one more than there are lines.
[[nodiscard]] std::vector<std::uint32_t> line_starts(ByteView text);

}  // namespace swarmout
