#include "common/release/merkle.hpp"

#include <bit>

namespace swarmout {

namespace {

Digest parent_of(const Digest& left, const Digest& right) {
  thread_local Sha256 stream;
  stream.update(left.view());
  stream.update(right.view());
  return stream.finish();
}

/// Folds a subtree of `width` leaves (a power of two); leaves that are not there are `padding`: all zero, unless these
/// "leaves" are the roots of subtrees themselves.
Digest fold(std::span<const Digest> leaves, std::size_t width, Digest padding = {}) {
  std::vector<Digest> layer(leaves.begin(), leaves.end());
  while (width > 1) {
    std::vector<Digest> above;
    above.reserve((layer.size() + 1) / 2);
    for (std::size_t i = 0; i < layer.size(); i += 2) {
      above.push_back(parent_of(layer[i], i + 1 < layer.size() ? layer[i + 1] : padding));
    }
    padding = parent_of(padding, padding);  // that of a subtree one level up
    layer = std::move(above);
    width /= 2;
  }
  return layer.front();
}

}  // namespace

void LeafHasher::update(ByteView data) {
  while (!data.empty()) {
    const std::size_t step = std::min<std::size_t>(data.size(), kLeafSize - in_block_);
    block_.update(data.first(step));
    in_block_ += step;
    data = data.subspan(step);
    if (in_block_ == kLeafSize) {
      leaves_.push_back(block_.finish());
      in_block_ = 0;
    }
  }
}

LeafHashes LeafHasher::finish() {
  if (in_block_ > 0) {
    leaves_.push_back(block_.finish());
    in_block_ = 0;
  }
  return std::exchange(leaves_, {});
}

Digest merkle_root(const LeafHashes& leaves) {
  return leaves.empty() ? Digest{} : fold(leaves, std::bit_ceil(leaves.size()));
}

std::vector<Digest> piece_layer(const LeafHashes& leaves, Bytes piece_length) {
  INVARIANT(std::has_single_bit(piece_length) && piece_length >= kLeafSize);
  const std::size_t per_piece = piece_length / kLeafSize;
  if (leaves.size() <= per_piece) {
    return leaves.empty() ? std::vector<Digest>{} : std::vector<Digest>{merkle_root(leaves)};
  }
  std::vector<Digest> layer;
  for (std::size_t i = 0; i < leaves.size(); i += per_piece) {
    layer.push_back(fold(std::span(leaves).subspan(i, std::min(per_piece, leaves.size() - i)), per_piece));
  }
  return layer;
}

Digest root_of_layer(const std::vector<Digest>& layer, Bytes piece_length) {
  INVARIANT(std::has_single_bit(piece_length) && piece_length >= kLeafSize);
  if (layer.empty()) {
    return {};
  }
  const Digest padding = fold(std::vector<Digest>(1), piece_length / kLeafSize);  // a piece that is not there
  return fold(layer, std::bit_ceil(layer.size()), padding);
}

}  // namespace swarmout
