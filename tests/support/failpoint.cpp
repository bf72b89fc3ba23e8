// What common/base/failpoint.hpp promises to tests. Linked into the program that they start, never into the one that is
// shipped.

#include "common/base/failpoint.hpp"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

namespace swarmout {

namespace {

constexpr const char* kFailpoint = "SWARMOUT_FAILPOINT";

/// "kill:3": is this the third time?
bool is_due(std::string_view& action) {
  static std::atomic<unsigned> passed;
  const std::size_t colon = action.find(':');
  if (colon == std::string_view::npos) {
    return true;
  }
  const auto due = static_cast<unsigned>(std::atoi(std::string(action.substr(colon + 1)).c_str()));
  action = action.substr(0, colon);
  return ++passed == due;
}

}  // namespace

void failpoint(std::string_view name) {
  static const char* const wanted = std::getenv(kFailpoint);
  if (wanted == nullptr) {
    return;
  }
  std::string_view action = wanted;
  if (!action.starts_with(name) || action.substr(name.size(), 1) != ":") {
    return;
  }
  action.remove_prefix(name.size() + 1);
  if (!is_due(action)) {
    return;
  }
  if (action == "kill") {
    ::kill(::getpid(), SIGKILL);
  }
  if (action == "stop") {
    ::kill(::getpid(), SIGSTOP);
  }
  while (action == "hang") {
    ::pause();
  }
}

std::string failpoint_variable() {
  const char* const wanted = std::getenv(kFailpoint);
  return wanted != nullptr ? std::string(kFailpoint) + "=" + wanted : "";
}

}  // namespace swarmout
