// A set of pieces.

#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace swarmout::sim {

class Bits {
public:
  explicit Bits(std::size_t size = 0, bool value = false)
      : words_((size + 63) / 64, value ? ~std::uint64_t{0} : std::uint64_t{0}) {
    if (value && size % 64 != 0) {
      words_.back() >>= 64 - size % 64;
    }
  }

  [[nodiscard]] bool test(std::size_t at) const { return ((words_[at / 64] >> (at % 64)) & 1) != 0; }
  void set(std::size_t at) { words_[at / 64] |= std::uint64_t{1} << (at % 64); }
  void reset(std::size_t at) { words_[at / 64] &= ~(std::uint64_t{1} << (at % 64)); }

  [[nodiscard]] bool intersects(const Bits& other) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if ((words_[i] & other.words_[i]) != 0) {
        return true;
      }
    }
    return false;
  }

  /// Calls `use` with each that is in both.
  template <class Use>
  void for_each_common(const Bits& other, Use use) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t rest = words_[i] & other.words_[i]; rest != 0; rest &= rest - 1) {
        use(i * 64 + static_cast<std::size_t>(std::countr_zero(rest)));
      }
    }
  }

private:
  std::vector<std::uint64_t> words_;
};

}  // namespace swarmout::sim
