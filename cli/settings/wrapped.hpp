// Text in lines of some width.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

/// Bytes that begin a character: what a terminal shows is about as wide.
[[nodiscard]] std::size_t width_of(std::string_view text);

/// Of words between blanks. One that is longer than `width` has a line of its own.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t width);

}  // namespace swarmout
