#include "common/swarm/plugins/upload_gate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace swarmout::test {

using Verdict = UploadGate::Verdict;

class UploadGateTest : public testing::Test {
protected:
  UploadGate gate_{std::vector<std::uint16_t>(10, 1), 1};
  MonotonicTime now_{};

  Verdict ask(UploadGate::Host host, UploadGate::Piece piece) { return gate_.asked(host, piece, now_).verdict; }
  void give_all(UploadGate::Host host) {
    for (UploadGate::Piece piece = 0; piece < 10; ++piece) {
      ASSERT_EQ(ask(host, piece), Verdict::serve);
    }
  }
};

TEST_F(UploadGateTest, TheFirstHostThatAsksGetsThePieceAndAllItsBlocks) {
  EXPECT_EQ(ask(1, 4), Verdict::serve);
  EXPECT_EQ(ask(1, 4), Verdict::serve);
}

TEST_F(UploadGateTest, AnotherIsRefusedAndToldOfPiecesNobodyWasTold) {
  ASSERT_EQ(ask(1, 4), Verdict::serve);

  const UploadGate::Answer second = gate_.asked(2, 4, now_);
  const UploadGate::Answer third = gate_.asked(3, 4, now_);

  EXPECT_EQ(second.verdict, Verdict::refuse);
  EXPECT_EQ(second.suggest.size(), UploadGate::kAhead);
  for (const UploadGate::Piece piece : second.suggest) {
    EXPECT_NE(piece, 4U);
    EXPECT_THAT(third.suggest, testing::Not(testing::Contains(piece)));
    EXPECT_EQ(ask(2, piece), Verdict::serve);
  }
}

TEST(UploadGateOrder, PiecesAreGivenOutRoughlyInOrderAndByChanceWithinThat) {
  constexpr std::size_t kPieces = 1000;
  UploadGate gate(std::vector<std::uint16_t>(kPieces, 1), 7);
  std::vector<UploadGate::Piece> given;
  auto next = gate.joined(1);
  while (!next.empty()) {
    std::vector<UploadGate::Piece> more;
    for (const UploadGate::Piece piece : next) {
      given.push_back(piece);
      const auto answer = gate.asked(1, piece, {});
      more.insert(more.end(), answer.suggest.begin(), answer.suggest.end());
    }
    next = more;
  }

  ASSERT_EQ(given.size(), kPieces);
  for (std::size_t i = 0; i < kPieces; ++i) {
    EXPECT_LT(given[i], i + UploadGate::kWindow);
    EXPECT_LT(i, given[i] + UploadGate::kWindow);
  }
  EXPECT_FALSE(std::is_sorted(given.begin(), given.end()));
}

TEST_F(UploadGateTest, WhatIsKeptForAHostGoesToNoOtherWhileSomethingIsFree) {
  const auto kept = gate_.joined(1);

  EXPECT_EQ(ask(2, kept.front()), Verdict::refuse);
  EXPECT_EQ(ask(1, kept.front()), Verdict::serve);
}

TEST_F(UploadGateTest, WhatIsKeptForAHostThatDoesNotAskIsGivenAwayInTheEnd) {
  const auto kept = gate_.joined(1);
  for (UploadGate::Piece piece = 0; piece < 10; ++piece) {
    if (std::find(kept.begin(), kept.end(), piece) == kept.end()) {
      ASSERT_EQ(ask(2, piece), Verdict::serve);
    }
  }

  EXPECT_EQ(ask(2, kept.front()), Verdict::serve);
  EXPECT_EQ(gate_.inside(), kept.size() - 1);
}

TEST_F(UploadGateTest, NobodyIsRefusedForLongerThanThePatience) {
  ASSERT_EQ(ask(1, 4), Verdict::serve);
  ASSERT_EQ(ask(2, 4), Verdict::refuse);
  now_ += UploadGate::kPatience;

  EXPECT_EQ(ask(2, 4), Verdict::serve);
}

TEST_F(UploadGateTest, ASecondCopyWaitsUntilAllFirstCopiesHaveLeft) {
  give_all(1);
  for (UploadGate::Piece piece = 1; piece < 10; ++piece) {
    gate_.sent(1, piece, now_);
  }
  EXPECT_EQ(ask(2, 3), Verdict::wait);

  gate_.sent(1, 0, now_);

  EXPECT_EQ(ask(2, 3), Verdict::serve);
}

TEST_F(UploadGateTest, FirstCopiesOnASlowLinkKeepNobodyWaiting) {
  give_all(1);
  for (UploadGate::Piece piece = 1; piece < 10; ++piece) {
    gate_.sent(1, piece, now_);
  }
  now_ += UploadGate::kDrains;

  EXPECT_EQ(ask(2, 0), Verdict::serve) << "still on its way";
  EXPECT_EQ(ask(2, 3), Verdict::serve);
}

TEST_F(UploadGateTest, WhatAHostWasGivenJustBeforeItDiedIsGivenOutAgain) {
  give_all(1);

  gate_.left(1, now_);

  EXPECT_EQ(gate_.inside(), 10U);
  EXPECT_EQ(gate_.leaving(), 0U);
  EXPECT_EQ(gate_.joined(2).size(), UploadGate::kAhead);
  EXPECT_EQ(ask(2, 3), Verdict::serve);
}

TEST_F(UploadGateTest, WhatAHostWasGivenLongBeforeItLeftHasSpread) {
  ASSERT_EQ(ask(1, 4), Verdict::serve);
  now_ += UploadGate::kSpreads;

  gate_.left(1, now_);

  EXPECT_EQ(ask(2, 4), Verdict::refuse);
}

TEST_F(UploadGateTest, AHostIsToldOfMoreOnlyWhenItHasAskedForAllOfAPiece) {
  UploadGate gate(std::vector<std::uint16_t>(10, 2), 1);
  const auto kept = gate.joined(1);

  EXPECT_THAT(gate.asked(1, kept.front(), now_).suggest, testing::IsEmpty());
  EXPECT_THAT(gate.asked(1, kept.front(), now_).suggest, testing::SizeIs(1));
  EXPECT_THAT(gate.asked(1, kept.front(), now_).suggest, testing::IsEmpty()) << "a block again";
}

TEST_F(UploadGateTest, APieceThatAHostDoesNotGoOnAskingForIsGivenToAnother) {
  UploadGate gate(std::vector<std::uint16_t>(10, 2), 1);
  ASSERT_EQ(gate.asked(1, 4, now_).verdict, Verdict::serve);
  now_ += UploadGate::kSpreads - std::chrono::milliseconds(1);
  EXPECT_EQ(gate.asked(2, 4, now_).verdict, Verdict::refuse);
  now_ += std::chrono::milliseconds(1);

  EXPECT_EQ(gate.asked(3, 4, now_).verdict, Verdict::serve);
  EXPECT_EQ(gate.asked(2, 4, now_).verdict, Verdict::refuse) << "it is the other's now";
  EXPECT_EQ(gate.leaving(), 1U);
  EXPECT_EQ(gate.inside(), 9U);
}

TEST_F(UploadGateTest, APieceThatWasAskedForInFullStaysWithItsHost) {
  UploadGate gate(std::vector<std::uint16_t>(10, 2), 1);
  ASSERT_EQ(gate.asked(1, 4, now_).verdict, Verdict::serve);
  ASSERT_EQ(gate.asked(1, 4, now_).verdict, Verdict::serve);
  now_ += UploadGate::kSpreads;

  EXPECT_EQ(gate.asked(2, 4, now_).verdict, Verdict::refuse);
}

TEST_F(UploadGateTest, SecondCopiesWaitAsLongAsFirstOnesGoOnLeaving) {
  give_all(1);
  for (UploadGate::Piece piece = 1; piece < 10; ++piece) {
    now_ += UploadGate::kDrains / 2;
    gate_.sent(1, piece, now_);
    EXPECT_EQ(ask(2, 3), Verdict::wait);
  }
}

TEST_F(UploadGateTest, WhatSomeHostHasAlreadyNeedNotLeaveFirst) {
  gate_.exists(2, 4);
  gate_.exists(3, 4);

  EXPECT_EQ(gate_.inside(), 9U);
  EXPECT_EQ(ask(1, 4), Verdict::refuse);
}

TEST_F(UploadGateTest, WhatOthersHaveIsNotGivenOutAgainWhenTheHostThatGotItLeaves) {
  ASSERT_EQ(ask(1, 4), Verdict::serve);
  ASSERT_EQ(ask(1, 5), Verdict::serve);
  gate_.exists(1, 4);
  gate_.exists(1, 5);
  gate_.exists(2, 4);

  gate_.left(1, now_);

  EXPECT_EQ(ask(3, 4), Verdict::refuse);
  EXPECT_EQ(ask(3, 5), Verdict::serve);
  EXPECT_EQ(gate_.leaving(), 1U);
}

TEST_F(UploadGateTest, WhereAnotherHostHasEverythingNobodyIsRefused) {
  (void)gate_.joined(1);

  gate_.all_exist(2);

  EXPECT_EQ(gate_.inside(), 0U);
  EXPECT_EQ(ask(1, 4), Verdict::serve);
  EXPECT_EQ(ask(2, 4), Verdict::serve);
}

TEST_F(UploadGateTest, APieceThatDoesNotExistIsNotItsBusiness) {
  gate_.exists(2, 10);
  gate_.sent(1, 10, now_);

  EXPECT_EQ(ask(1, 10), Verdict::serve);
  EXPECT_EQ(gate_.inside(), 10U);
}

}  // namespace swarmout::test
