// A share that is away for a while does not end a leader's work: it tries on, as it does with its heartbeat and its
// COMMIT. What it has exported is worth more than a second.

#pragma once

#include "seeder/epoch.hpp"

#include <spdlog/spdlog.h>

namespace swarmout {

inline constexpr std::chrono::seconds kTryOnEvery{1};

/// Does `step` until it ends well, or badly for another reason than that the share is away, or the work is told to
/// stop: by a signal, by a successor, by the watchdog when nothing moves for too long. Says once that it waits. A step
/// is done again from its beginning.
template <typename Step>
[[nodiscard]] auto trying_on(const Epoch& epoch, const Step& step) {
  for (bool said = false;; said = true) {
    auto result = step();
    const bool away =
        !result && (result.error().code == ErrorCode::unavailable || result.error().code == ErrorCode::temporary);
    if (!away) {
      return result;
    }
    if (!said) {
      spdlog::warn("{}; trying on", to_string(result.error()));
    }
    if (!epoch.clock.sleep(kTryOnEvery, epoch.stop)) {
      return result;
    }
  }
}

}  // namespace swarmout
