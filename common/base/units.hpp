// Numbers that must not be mixed up, and the sizes that everything else is expressed in.

#pragma once

#include "common/base/result.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace swarmout {

/// Sizes and offsets are bytes, always.
using Bytes = std::uint64_t;

inline constexpr Bytes kKiB = 1024;
inline constexpr Bytes kMiB = 1024 * kKiB;
inline constexpr Bytes kGiB = 1024 * kMiB;

/// Bytes a second; 0: no limit.
struct RateLimits {
  Bytes upload = 0;
  Bytes download = 0;
  bool operator==(const RateLimits&) const = default;
};
/// Rates are numbers of 32 bits with a sign in libtorrent.
inline constexpr Bytes kMaxRate = 0x7fffffff;

/// For people.
constexpr double in_kib(Bytes bytes) {
  return static_cast<double>(bytes) / kKiB;
}
constexpr double in_mib(Bytes bytes) {
  return static_cast<double>(bytes) / kMiB;
}

using ByteView = std::span<const std::byte>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The number of a log entry: 1, 2, 3, …; never reused. Zero stands for "before the first entry".
/// It names a release and is the fencing token.
struct Position {
  std::uint64_t value = 0;
  auto operator<=>(const Position&) const = default;
  [[nodiscard]] Position next() const { return {value + 1}; }
  /// Only of an entry: there is nothing before "before the first entry".
  [[nodiscard]] Position previous() const {
    INVARIANT(value > 0);
    return {value - 1};
  }
};

/// No entry has a higher number, whatever stands on a share: next() never overflows, and programs that read numbers as
/// doubles read it right. A log with an entry a second gets there in 285 million years.
inline constexpr Position kLastPosition{std::uint64_t{1} << 53};

}  // namespace swarmout
