// A plain directory, taken as it is: every file, directory and symbolic link in it.

#pragma once

#include "common/base/clock.hpp"
#include "seeder/source/source.hpp"

namespace swarmout {

/// `clock`: whose wall time is what its file system's times are compared with.
[[nodiscard]] std::unique_ptr<Source> make_dir_source(Path directory, const Clock& clock = system_clock());

}  // namespace swarmout
