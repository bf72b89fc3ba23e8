// Git LFS pointers: small text files in place of content that a git host keeps elsewhere (its specification, version 1,
// and the two names that this version had before). No I/O.

#pragma once

#include "common/base/digest.hpp"
#include "common/base/units.hpp"

#include <optional>
#include <string_view>

namespace swarmout {

/// What a pointer stands for.
struct LfsPointer {
  Digest oid;  ///< SHA-256 of the content
  Bytes size = 0;
};

/// A pointer is not smaller than the first, and smaller than the second: the specification's limit.
inline constexpr Bytes kMinLfsPointer = 100;
inline constexpr Bytes kMaxLfsPointer = 1024;
[[nodiscard]] inline bool may_be_lfs_pointer(Bytes size) {
  return size >= kMinLfsPointer && size < kMaxLfsPointer;
}

/// Whether git-lfs would take it for one, or whoever made it meant one.
[[nodiscard]] bool is_lfs_pointer(std::string_view content);

/// What it stands for; nullopt, if it is none, or says more than that: extensions change the content on the way.
[[nodiscard]] std::optional<LfsPointer> parse_lfs_pointer(std::string_view content);

}  // namespace swarmout
