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

inline std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* const set = std::getenv(name);
  return set != nullptr ? std::stoull(set) : otherwise;
}

inline NemesisSettings nemesis_settings() {
  return {number_from_environment("SWARMOUT_NEMESIS_SEED", std::random_device()()),
          std::chrono::seconds(number_from_environment("SWARMOUT_NEMESIS_SECONDS", 20))};
}

}  // namespace swarmout::test
