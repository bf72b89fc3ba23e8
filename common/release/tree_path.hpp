// Which paths may be in a tree. Names are bytes: anything but '/' and NUL.

#pragma once

#include <string_view>

namespace swarmout {

inline constexpr std::size_t kMaxName = 255;   ///< NAME_MAX
inline constexpr std::size_t kMaxPath = 4095;  ///< PATH_MAX less the NUL

/// Relative, of components that are not empty, "." or "..", none longer than kMaxName, no NUL.
[[nodiscard]] bool is_safe_path(std::string_view path);

/// What a symbolic link may point to: anything the kernel takes. It is never followed by us.
[[nodiscard]] bool is_safe_target(std::string_view target);

/// Of a safe path: "" for what is in the root; and the rest.
[[nodiscard]] std::string_view folder_part(std::string_view path);
[[nodiscard]] std::string_view name_part(std::string_view path);

}  // namespace swarmout
