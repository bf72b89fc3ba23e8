#include "tests/sim/picker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::sim {

class PickerSim : public testing::Test {
protected:
  static constexpr std::size_t kPieces = 4;
  Picker picker_{2 * kPieces, 2, false, 1};
  Bits all_{kPieces, true};

  std::vector<std::uint32_t> pick(std::size_t count, bool partial_first = false) {
    std::vector<std::uint32_t> pieces;
    for (const Block& block : picker_.pick(all_, count, {}, partial_first)) {
      pieces.push_back(block.piece);
    }
    return pieces;
  }
};

TEST_F(PickerSim, TheRarestIsAskedForFirst) {
  for (const std::size_t piece : {0U, 1U, 3U}) {
    picker_.seen(piece);
  }
  EXPECT_THAT(pick(2), testing::ElementsAre(2, 2));
}

TEST_F(PickerSim, NoBlockIsAskedForTwice) {
  picker_.asked({1, 0});
  EXPECT_THAT(picker_.pick(all_, 100, {}, false), testing::Not(testing::Contains(Block{1, 0})));
  EXPECT_EQ(pick(100).size(), 2 * kPieces - 1);

  picker_.given_up({1, 0});
  EXPECT_EQ(pick(100).size(), 2 * kPieces);
}

TEST_F(PickerSim, APieceThatIsTherePartlyGoesBeforeARarerOneIfAskedTo) {
  picker_.asked({1, 0});
  picker_.seen(1);
  EXPECT_THAT(pick(1, true), testing::ElementsAre(1));
}

TEST_F(PickerSim, OnlyWhatThePeerHasIsPicked) {
  Bits one(kPieces);
  one.set(3);
  const auto picked = picker_.pick(one, 100, {0}, false);
  EXPECT_THAT(picked, testing::ElementsAre(Block{3, 0}, Block{3, 1}));
}

TEST_F(PickerSim, ASuggestedPieceGoesFirst) {
  picker_.seen(2);
  const auto picked = picker_.pick(all_, 1, {2}, false);
  EXPECT_THAT(picked, testing::ElementsAre(Block{2, 0}));
}

TEST_F(PickerSim, WhenStrictABusyBlockIsTakenOnlyWhenNothingElseIsLeft) {
  picker_.asked({1, 0});
  EXPECT_FALSE(picker_.pick_busy(all_, true));
  EXPECT_EQ(picker_.pick_busy(all_, false), (Block{1, 0}));
  for (std::uint32_t piece = 0; piece < kPieces; ++piece) {
    picker_.asked({piece, 1});
  }
  EXPECT_TRUE(picker_.pick_busy(all_, true));
}

TEST_F(PickerSim, ASecondCopyIsSeenAsOne) {
  picker_.asked({1, 0});
  picker_.asked({1, 0});
  picker_.asked({1, 1});
  EXPECT_EQ(picker_.arrived({1, 0}), Picker::Arrival::fresh);
  EXPECT_EQ(picker_.arrived({1, 0}), Picker::Arrival::duplicate);
  EXPECT_EQ(picker_.arrived({1, 1}), Picker::Arrival::last_of_piece);
  picker_.whole(1);
  EXPECT_TRUE(picker_.has(1));
  EXPECT_EQ(picker_.missing(), kPieces - 1);
}

}  // namespace swarmout::sim
