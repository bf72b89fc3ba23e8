#include "common/base/failpoint.hpp"

namespace swarmout {

// Weak: a program that has others takes those.
[[gnu::weak]] void failpoint(std::string_view) {}

[[gnu::weak]] std::string failpoint_variable() {
  return {};
}

}  // namespace swarmout
