#include "common/base/failpoint.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace swarmout {

void failpoint(std::string_view name) {
  static const char* const wanted = std::getenv("SWARMOUT_FAILPOINT");
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

}  // namespace swarmout
