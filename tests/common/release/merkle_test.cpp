#include "common/release/merkle.hpp"

#include "tests/support/bytes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

LeafHashes leaves_in_steps(std::string_view content, std::size_t step) {
  LeafHasher hasher;
  while (!content.empty()) {
    hasher.update(as_bytes(content.substr(0, step)));
    content.remove_prefix(std::min(step, content.size()));
  }
  return hasher.finish();
}

Digest both(const Digest& left, const Digest& right) {
  return sha256(std::string(as_text(left.view())) + std::string(as_text(right.view())));
}

LeafHashes some_leaves(std::size_t count) {
  LeafHashes leaves;
  for (std::size_t i = 0; i < count; ++i) {
    leaves.push_back(sha256(std::to_string(i)));
  }
  return leaves;
}

}  // namespace

TEST(LeafHasherTest, ALeafIsTheDigestOfItsBlockAtItsTrueLength) {
  const std::string content = noise(2 * kLeafSize + 5);

  EXPECT_THAT(leaves_in_steps(content, content.size()),
              testing::ElementsAre(sha256(content.substr(0, kLeafSize)), sha256(content.substr(kLeafSize, kLeafSize)),
                                   sha256(content.substr(2 * kLeafSize))));
}

TEST(LeafHasherTest, HowTheStreamIsCutDoesNotMatter) {
  const std::string content = noise(5 * kLeafSize + 1);
  const LeafHashes expected = leaves_in_steps(content, content.size());

  for (const std::size_t step : {std::size_t{1000}, kLeafSize - 1, kLeafSize, kLeafSize + 1, 3 * kLeafSize}) {
    EXPECT_EQ(leaves_in_steps(content, step), expected) << step;
  }
}

TEST(LeafHasherTest, AnEmptyFileHasNoLeaves) {
  EXPECT_THAT(leaves_in_steps("", 1), testing::IsEmpty());
}

TEST(LeafHasherTest, AWholeLastBlockIsNotFollowedByAnEmptyOne) {
  EXPECT_EQ(leaves_in_steps(noise(2 * kLeafSize), kLeafSize).size(), 2U);
}

TEST(LeafHasherTest, ItIsEmptyAfterFinish) {
  LeafHasher hasher;
  hasher.update(as_bytes("first"));
  ASSERT_EQ(hasher.finish().size(), 1U);

  hasher.update(as_bytes("second"));

  EXPECT_THAT(hasher.finish(), testing::ElementsAre(sha256("second")));
}

TEST(MerkleTest, TheRootOfAnEmptyFileIsZero) {
  EXPECT_EQ(merkle_root({}), Digest{});
}

TEST(MerkleTest, TheRootOfOneLeafIsTheLeaf) {
  EXPECT_EQ(merkle_root(some_leaves(1)), some_leaves(1)[0]);
}

TEST(MerkleTest, TheRootOfTwoLeavesIsTheDigestOfBoth) {
  const LeafHashes leaves = some_leaves(2);

  EXPECT_EQ(merkle_root(leaves), both(leaves[0], leaves[1]));
}

TEST(MerkleTest, MissingLeavesAreZeros) {
  const LeafHashes leaves = some_leaves(5);
  const Digest zero;

  EXPECT_EQ(merkle_root(leaves), both(both(both(leaves[0], leaves[1]), both(leaves[2], leaves[3])),
                                      both(both(leaves[4], zero), both(zero, zero))));
}

TEST(MerkleTest, PiecesOfOneLeafAreTheLeaves) {
  EXPECT_EQ(piece_layer(some_leaves(5), kLeafSize), some_leaves(5));
}

TEST(MerkleTest, TheLastPieceIsPaddedToAWholeOne) {
  const LeafHashes leaves = some_leaves(5);
  const Digest zero;

  EXPECT_THAT(piece_layer(leaves, 4 * kLeafSize),
              testing::ElementsAre(both(both(leaves[0], leaves[1]), both(leaves[2], leaves[3])),
                                   both(both(leaves[4], zero), both(zero, zero))));
}

TEST(MerkleTest, AFileShorterThanAPieceHasItsRootAsItsOnlyPiece) {
  EXPECT_THAT(piece_layer(some_leaves(3), 64 * kLeafSize), testing::ElementsAre(merkle_root(some_leaves(3))));
}

TEST(MerkleTest, AnEmptyFileHasNoPieces) {
  EXPECT_THAT(piece_layer({}, kLeafSize), testing::IsEmpty());
}

TEST(MerkleTest, FoldingPiecesGivesTheRootWhateverTheirLength) {
  for (const std::size_t count : {2U, 4U, 8U, 64U}) {
    const LeafHashes leaves = some_leaves(count);
    for (Bytes length = kLeafSize; length <= count * kLeafSize; length *= 2) {
      // The layer of a file of 2^n leaves is itself a list of leaves of a smaller tree.
      EXPECT_EQ(merkle_root(piece_layer(leaves, length)), merkle_root(leaves)) << count << " " << length;
    }
  }
}

TEST(MerkleTest, ALayerOfPiecesHasTheRootOfItsFile) {
  for (const std::size_t count : {5U, 7U, 8U, 9U, 33U, 100U}) {
    for (const Bytes length : {kLeafSize, 2 * kLeafSize, 4 * kLeafSize}) {
      const LeafHashes leaves = some_leaves(count);
      EXPECT_EQ(root_of_layer(piece_layer(leaves, length), length), merkle_root(leaves)) << count << " " << length;
    }
  }
}

}  // namespace swarmout::test
