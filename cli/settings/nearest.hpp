// What somebody may have meant who wrote something else.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

/// Letters to insert, remove, replace, or swap with the next one, to make one text of the other.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that is nearest, or that begins with `written`; empty if none is near.
[[nodiscard]] std::string nearest(std::string_view written, const std::vector<std::string>& candidates);

}  // namespace swarmout
