// A plain directory, taken as it is: every file, directory and symbolic link in it.

#pragma once

#include "seeder/source/source.hpp"

namespace swarmout {

[[nodiscard]] std::unique_ptr<Source> make_dir_source(Path directory);

}  // namespace swarmout
