// Content for tests: random-looking, but the same in every run.

#pragma once

#include "common/base/units.hpp"

#include <random>
#include <string>

namespace swarmout::test {

/// Bytes that do not compress.
inline std::string noise(std::size_t size, std::uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& each : bytes) {
    each = static_cast<char>(random());
  }
  return bytes;
}

/// Bytes that compress as text does.
inline std::string prose(std::size_t size, std::uint32_t seed = 1) {
  static constexpr const char* kWords[] = {"seed", "peer", "torrent", "manifest", "chunk", "frame", "the", "a", "of"};
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < size) {
    text += kWords[random() % std::size(kWords)];
    text += random() % 9 == 0 ? '\n' : ' ';
  }
  text.resize(size);
  return text;
}

}  // namespace swarmout::test
