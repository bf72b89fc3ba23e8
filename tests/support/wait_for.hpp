// Waits for something to become true; a deadline, never a fixed sleep.

#pragma once

#include <chrono>
#include <thread>

namespace swarmout::test {

/// Generous, because the machines that run tests are slow and busy.
inline constexpr std::chrono::seconds kPatience{60};

template <typename Predicate>
[[nodiscard]] bool wait_for(Predicate predicate, std::chrono::milliseconds patience = kPatience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!predicate()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return predicate();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace swarmout::test
