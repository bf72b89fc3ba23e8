// The header of a member of an archive: POSIX ustar, in the one way that we write it.
//
// There is no parser: a header is right if it is, byte for byte, the one that would be written for this name and this
// size. So there are no links, long names, sparse files or extended headers that could be believed.
// Form: docs/formats/export.md.

#pragma once

#include "common/base/result.hpp"
#include "common/base/units.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace swarmout {

/// Headers have this size; what a member has is filled up with zeros to a multiple of it.
inline constexpr std::size_t kTarBlock = 512;
/// An archive ends in so many zeros.
inline constexpr std::size_t kTarEnd = 2 * kTarBlock;
/// ustar's, without a prefix.
inline constexpr std::size_t kMaxTarName = 100;

using TarHeader = std::array<char, kTarBlock>;

/// Of a regular file that all may read: mode 0444, nobody's, of 1970. `name` has 1 to 100 bytes. Sizes from 8 GiB are
/// written as GNU tar, bsdtar and others do (base 256).
[[nodiscard]] TarHeader tar_header(std::string_view name, Bytes size);

/// Zeros behind a member of `size` bytes.
[[nodiscard]] constexpr std::size_t tar_padding(Bytes size) {
  return static_cast<std::size_t>((kTarBlock - size % kTarBlock) % kTarBlock);
}

/// The name that a header says, for messages; any bytes.
[[nodiscard]] std::string_view name_in_header(const TarHeader& header);
/// The size that `header` has, if it is the one of a member with this name. Nullopt: it is any other one.
[[nodiscard]] std::optional<Bytes> size_in_header(const TarHeader& header, std::string_view name);

}  // namespace swarmout
