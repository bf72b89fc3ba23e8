// A release that was imported on this host: it is packed already, and published as it is.

#pragma once

#include "seeder/source/source.hpp"

#include <memory>
#include <string_view>

namespace swarmout {

/// What --source says for it.
inline constexpr std::string_view kImportedSource = "imported";

/// Of the store in `state`. Errors: not_found: nothing was imported there.
[[nodiscard]] Result<std::unique_ptr<Source>> make_imported_source(const Path& state);

}  // namespace swarmout
