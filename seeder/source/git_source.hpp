// A git repository: a bare mirror in the state directory, `git archive` as a stream.
//
// What `git archive` leaves out is left out: .git, submodules, and paths marked export-ignore.

#pragma once

#include "seeder/source/source.hpp"

namespace swarmout {

/// `location`: URL[#ref]. Errors: usage, for a URL or ref that git would take for an option.
[[nodiscard]] Result<std::unique_ptr<Source>> make_git_source(const std::string& location, const Path& state);

}  // namespace swarmout
