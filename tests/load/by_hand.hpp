// What the programs that are run by hand have in common.

#pragma once

#include "common/base/result.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <type_traits>

namespace swarmout::test {

using Clk = std::chrono::steady_clock;

inline double since(Clk::time_point start) {
  return std::chrono::duration<double>(Clk::now() - start).count();
}

/// An error ends the program, and says what it is.
template <typename T>
T must(Result<T> result) {
  if (!result) {
    fmt::print(stderr, "{}\n", to_string(result.error()));
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) {
    return *std::move(result);
  }
}

/// Runs `work` in a process of its own, which ends with this one.
inline int in_child(const std::function<void()>& work) {
  const int pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    work();
    ::_exit(0);
  }
  return pid;
}

}  // namespace swarmout::test
