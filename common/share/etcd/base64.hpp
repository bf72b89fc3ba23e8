// Base64 as JSON carries bytes in it: the standard alphabet, with padding, no line breaks.

#pragma once

#include "common/base/result.hpp"

#include <string>
#include <string_view>

namespace swarmout {

[[nodiscard]] std::string to_base64(std::string_view raw);
/// Errors: refused, for anything that to_base64() would not have written.
[[nodiscard]] Result<std::string> from_base64(std::string_view text);

}  // namespace swarmout
