// Which source a spelling means.

#pragma once

#include "seeder/source/source.hpp"

namespace swarmout {

/// `git+URL[#ref]`, `dir:PATH` or `tar:COMMAND`. `state` is a directory that the source may keep a mirror in.
/// Errors: usage.
[[nodiscard]] Result<std::unique_ptr<Source>> open_source(const std::string& spec, const Path& state);

}  // namespace swarmout
