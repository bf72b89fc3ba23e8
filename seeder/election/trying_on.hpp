// A share that is away for a while does not end a leader's work.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "seeder/election/away.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <stop_token>

namespace swarmout {

inline constexpr std::chrono::seconds kTryOnEvery{1};

/// Does `step` until it ends well, or badly for another reason than that the share is away; for `patience`, or until it
/// is told to stop. Says once that it waits. A step is done again from its beginning.
template <typename Step>
[[nodiscard]] auto trying_on(Clock& clock, std::chrono::milliseconds patience, const std::stop_token& stop,
                             const Step& step) {
  const MonotonicTime begun = clock.now();
  for (bool said = false;; said = true) {
    auto result = step();
    if (result || !is_away(result.error()) || stop.stop_requested() || clock.now() - begun >= patience) {
      return result;
    }
    if (!said) {
      spdlog::info("{}; trying on", to_string(result.error()));
    }
    if (!clock.sleep(kTryOnEvery, stop)) {
      return result;
    }
  }
}

}  // namespace swarmout
