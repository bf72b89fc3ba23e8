// What grows in a mirror, and is cut.

#pragma once

#include "seeder/source/git/git_command.hpp"

#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace swarmout {

/// Sets refs, each with its commit. Objects that no ref leads to go now and then, when there are many packs. Never an
/// error of an export.
void tidy_repository(const GitPlace& place, const Path& repository,
                     const std::vector<std::pair<std::string, std::string>>& refs, std::stop_token stop);

/// Of all files, as far as they can be looked at. Any thread, also while it changes.
[[nodiscard]] Bytes bytes_below(const Path& directory);

}  // namespace swarmout
