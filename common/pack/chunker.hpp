// Cuts large files where their content says so, so that a change in the middle costs what changed.
//
// A rolling gear hash (Xia et al., "FastCDC", USENIX ATC 2016) over the last 64 bytes; a cut where its top bits are
// zero. Files of at most kMaxChunk bytes are one chunk and never come here.

#pragma once

#include "common/release/manifest.hpp"

namespace swarmout {

inline constexpr Bytes kMinCut = 256 * kKiB;
inline constexpr Bytes kAverageCut = kMiB;  ///< beyond kMinCut; a power of two
inline constexpr Bytes kMaxCut = kMaxChunk;

/// Finds cuts in a stream. One file, one thread.
class Chunker {
public:
  /// How many of the next bytes belong to the current chunk; if it is all of them, the chunk goes on. `cut` says
  /// whether the chunk ends there.
  [[nodiscard]] std::size_t take(ByteView data, bool& cut);

private:
  std::uint64_t hash_ = 0;
  Bytes length_ = 0;
};

}  // namespace swarmout
