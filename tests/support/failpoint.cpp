// What common/base/failpoint.hpp promises to tests. Linked into the program that they start, never into the one that is
// shipped.

#include "common/base/failpoint.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>

namespace swarmout {

namespace {

constexpr const char* kFailpoint = "SWARMOUT_FAILPOINT";

}  // namespace

void failpoint(std::string_view name) {
  static const char* const wanted = std::getenv(kFailpoint);
  if (wanted == nullptr) {
    return;
  }
  const std::string_view setting = wanted;
  if (setting == std::string(name) + ":kill") {
    ::kill(::getpid(), SIGKILL);
  }
  if (setting == std::string(name) + ":stop") {
    ::kill(::getpid(), SIGSTOP);
  }
  while (setting == std::string(name) + ":hang") {
    ::pause();
  }
}

std::string failpoint_variable() {
  const char* const wanted = std::getenv(kFailpoint);
  return wanted != nullptr ? std::string(kFailpoint) + "=" + wanted : "";
}

}  // namespace swarmout
