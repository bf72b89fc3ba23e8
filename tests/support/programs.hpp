// The programs that tests start. Both are beside the test's own: no definition of the compiler's says where, which
// would be another one in each build directory.

#pragma once

#include <filesystem>
#include <string>

namespace swarmout::test {

/// What is shipped.
inline std::string swarmout_program() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "swarmout";
}

/// The same with failpoints in it (common/base/failpoint.hpp), for a process that gets SWARMOUT_FAILPOINT.
inline std::string program_with_failpoints() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "testing/swarmout";
}

}  // namespace swarmout::test
