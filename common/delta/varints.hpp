// Numbers in as few bytes as they need: seven bits a byte, the lowest first, the upper bit where more follow (LEB128,
// as protobuf has it).

#pragma once

#include "common/base/result.hpp"
#include "common/base/units.hpp"

#include <cstdint>
#include <string>

namespace swarmout {

inline void add_varint(std::string& to, std::uint64_t value) {
  while (value >= 0x80) {
    to += static_cast<char>(value | 0x80U);
    value >>= 7U;
  }
  to += static_cast<char>(value);
}
/// Small numbers of either sign: 0, -1, 1, -2, … become 0, 1, 2, 3, …
inline void add_signed_varint(std::string& to, std::int64_t value) {
  add_varint(to, (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63));
}

/// Reads them back. The bytes outlive it.
class Varints {
public:
  explicit Varints(ByteView bytes) : left_(bytes) {}

  [[nodiscard]] bool at_end() const { return left_.empty(); }
  /// What follows the numbers that were read.
  [[nodiscard]] ByteView left() const { return left_; }

  /// Errors: refused: it ends within a number, or that is greater than `most`.
  [[nodiscard]] Result<std::uint64_t> next(std::uint64_t most) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      REFUSE_UNLESS(!left_.empty(), "numbers of a delta end too early");
      const auto byte = static_cast<std::uint64_t>(left_.front());
      left_ = left_.subspan(1);
      REFUSE_UNLESS(shift < 63 || byte <= 1, "a number of a delta is too large");
      value |= (byte & 0x7fU) << shift;
      if (byte < 0x80) {
        REFUSE_UNLESS(value <= most, "a number of a delta is out of its range");
        return value;
      }
    }
    return fail(ErrorCode::refused, "a number of a delta is too large");
  }
  [[nodiscard]] Result<std::int64_t> next_signed() {
    TRY_ASSIGN(const std::uint64_t value, next(UINT64_MAX));
    return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
  }

private:
  ByteView left_;
};

}  // namespace swarmout
