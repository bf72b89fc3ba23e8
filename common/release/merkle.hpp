// BitTorrent v2 hash trees (BEP 52): 16 KiB SHA-256 leaves, kept instead of piece hashes, because any
// piece length and the file's root can be folded from them without reading the file again.

#pragma once

#include "common/base/digest.hpp"
#include "common/base/units.hpp"

#include <vector>

namespace swarmout {

inline constexpr Bytes kLeafSize = 16 * kKiB;

/// One digest per 16 KiB block; the last block is hashed at its true length. Empty for an empty file.
using LeafHashes = std::vector<Digest>;

/// Computes leaves over a stream as it is written. One thread at a time.
class LeafHasher {
public:
  void update(ByteView data);
  /// The leaves of everything given so far; the hasher is empty afterwards.
  [[nodiscard]] LeafHashes finish();

private:
  Sha256 block_;
  Bytes in_block_ = 0;
  LeafHashes leaves_;
};

/// BEP 52 "pieces root": the tree over the leaves, padded with all-zero leaves to a power of two. It does not
/// depend on the piece length. All zero for an empty file.
[[nodiscard]] Digest merkle_root(const LeafHashes& leaves);

/// The layer of piece hashes, one a piece. A file shorter than a piece is padded to its own next power of two only.
/// `piece_length` is a power of two of at least 16 KiB.
[[nodiscard]] std::vector<Digest> piece_layer(const LeafHashes& leaves, Bytes piece_length);

/// The root of a file of more than one piece, folded from its layer: what tells a right layer from a wrong one.
[[nodiscard]] Digest root_of_layer(const std::vector<Digest>& layer, Bytes piece_length);

}  // namespace swarmout
