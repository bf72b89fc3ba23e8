// Has a process come to its failpoint?

#pragma once

#include "tests/support/process.hpp"

#include <fmt/format.h>

namespace swarmout::test {

/// By SIGSTOP.
inline bool is_stopped(const Process& process) {
  const auto stat = read_file(fmt::format("/proc/{}/stat", process.pid()), kMiB);
  const auto name_end = stat ? stat->rfind(") ") : std::string::npos;
  return name_end != std::string::npos && (*stat)[name_end + 2] == 'T';
}

}  // namespace swarmout::test
