// A source that is any command which writes a tar stream: `tar:ssh build1 cat /out/tree.tar`.

#pragma once

#include "seeder/source/source.hpp"

namespace swarmout {

/// The command runs through /bin/sh with SWARMOUT_REVISION set to the wanted revision. It must exit with 0.
[[nodiscard]] std::unique_ptr<Source> make_tar_source(std::string command);

}  // namespace swarmout
