// Content as a zstd frame that refers back to a prefix which both sides have (ZSTD_CCtx_refPrefix): what does not
// travel.
//
// The same prefix, content, level and library version give the same bytes.

#pragma once

#include "common/base/result.hpp"
#include "common/base/units.hpp"

#include <vector>

namespace swarmout {

/// Prefix and content together: bounds the memory of both sides, and is within the window that every decoder takes.
inline constexpr Bytes kMaxPrefixed = 128 * kMiB;

/// One frame that states its content size. `prefix` and `content` have kMaxPrefixed bytes at most.
[[nodiscard]] std::vector<std::byte> compress_after(ByteView prefix, ByteView content, int level);

/// Errors: refused: damaged, more than one frame, made after another prefix (as far as that shows: check the content),
/// or it states more than `limit`, which is looked at before memory is taken.
[[nodiscard]] Result<std::vector<std::byte>> decompress_after(ByteView prefix, ByteView frame, Bytes limit);

}  // namespace swarmout
