// How long the random runs last, and with which seed: SWARMOUT_NEMESIS_SECONDS, SWARMOUT_NEMESIS_SEED.

#pragma once

#include <chrono>
#include <cstdlib>
#include <random>
#include <string>

namespace swarmout::test {

struct NemesisSettings {
  std::uint64_t seed;
  std::chrono::seconds duration;
};

inline NemesisSettings nemesis_settings() {
  const char* const seed = std::getenv("SWARMOUT_NEMESIS_SEED");
  const char* const seconds = std::getenv("SWARMOUT_NEMESIS_SECONDS");
  return {seed != nullptr ? std::stoull(seed) : std::random_device()(),
          std::chrono::seconds(seconds != nullptr ? std::stoi(seconds) : 20)};
}

}  // namespace swarmout::test
