#include "common/pack/chunker.hpp"

#include <array>
#include <bit>

namespace swarmout {

namespace {

/// 256 fixed random numbers (splitmix64 from 1): part of the format, since they decide where packs are cut.
constexpr std::array<std::uint64_t, 256> make_gear() {
  std::array<std::uint64_t, 256> gear{};
  std::uint64_t state = 1;
  for (std::uint64_t& value : gear) {
    state += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    value = z ^ (z >> 31);
  }
  return gear;
}

constexpr auto kGear = make_gear();
constexpr int kMaskBits = std::countr_zero(kAverageCut);

}  // namespace

std::size_t Chunker::take(ByteView data, bool& cut) {
  cut = false;
  for (std::size_t i = 0; i < data.size(); ++i) {
    hash_ = (hash_ << 1) + kGear[std::to_integer<unsigned>(data[i])];
    ++length_;
    if (length_ >= kMaxCut || (length_ >= kMinCut && hash_ >> (64 - kMaskBits) == 0)) {
      cut = true;
      hash_ = 0;
      length_ = 0;
      return i + 1;
    }
  }
  return data.size();
}

}  // namespace swarmout
