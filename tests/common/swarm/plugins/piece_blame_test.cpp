#include "common/swarm/plugins/piece_blame.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Endpoint kOne{"192.0.2.1", 6881};
const Endpoint kTwo{"192.0.2.2", 6881};
const Endpoint kThree{"192.0.2.2", 6882};
constexpr std::int32_t kBlock = 16384;

}  // namespace

TEST(PieceBlameTest, WhoSentAllOfAPieceThatFailedIsBad) {
  PieceBlame blame;
  blame.received(7, 0, kOne, "x");
  blame.received(7, kBlock, kOne, "y");
  blame.received(8, 0, kTwo, "z");

  const auto verdict = blame.failed(7);

  EXPECT_THAT(verdict.bad, ElementsAre(kOne));
  EXPECT_THAT(verdict.suspects, IsEmpty());
}

TEST(PieceBlameTest, OfTheFirstPieceThatFailsNothingIsKnownSoAllAreAskedOn) {
  PieceBlame blame;
  blame.received(7, 0, kOne, "right");
  blame.received(7, kBlock, kTwo, "wrong");
  const auto verdict = blame.failed(7);
  EXPECT_THAT(verdict.bad, IsEmpty());
  EXPECT_THAT(verdict.suspects, IsEmpty());

  blame.received(7, 0, kOne, "right");
  blame.received(7, kBlock, kOne, "right");
  EXPECT_THAT(blame.passed(7).bad, IsEmpty());
}

TEST(PieceBlameTest, ThenAllButOneOfThoseWhoTookPartAreSuspects) {
  PieceBlame blame;
  (void)blame.failed(1);
  blame.received(7, 0, kOne, "x");
  blame.received(7, kBlock, kTwo, "y");
  blame.received(7, 2 * kBlock, kThree, "z");

  const auto verdict = blame.failed(7);

  EXPECT_THAT(verdict.bad, IsEmpty());
  EXPECT_THAT(verdict.suspects, ElementsAre(kTwo, kThree));
}

TEST(PieceBlameTest, OnceItHasPassedWhoSentSomethingElseIsBadAndTheOthersAreCleared) {
  PieceBlame blame;
  blame.received(1, 0, kOne, "x");
  (void)blame.failed(1);
  blame.received(7, 0, kOne, "right");
  blame.received(7, kBlock, kTwo, "wrong");
  blame.received(7, 2 * kBlock, kThree, "right, too");
  (void)blame.failed(7);
  for (const std::int32_t offset : {0, kBlock, 2 * kBlock}) {
    blame.received(7, offset, kOne, offset == 2 * kBlock ? "right, too" : "right");
  }

  const auto verdict = blame.passed(7);

  EXPECT_THAT(verdict.bad, ElementsAre(kTwo));
  EXPECT_THAT(verdict.cleared, ElementsAre(kOne, kThree));
}

TEST(PieceBlameTest, OfTwoBlocksForOnePlaceTheFirstCounts) {
  PieceBlame blame;
  blame.received(7, 0, kOne, "x");
  blame.received(7, 0, kTwo, "x");

  EXPECT_THAT(blame.failed(7).bad, ElementsAre(kOne));
}

TEST(PieceBlameTest, WhatCameOfOtherPiecesIsForgottenWhenOneFails) {
  PieceBlame blame;
  blame.received(7, 0, kOne, "x");
  blame.received(8, 0, kTwo, "y");
  (void)blame.failed(7);
  blame.received(8, 0, kOne, "y");

  EXPECT_THAT(blame.failed(8).bad, ElementsAre(kOne)) << "alone";
}

TEST(PieceBlameTest, APieceThatFailedBeforeAnythingWasReceivedBlamesNobody) {
  PieceBlame blame;
  const auto verdict = blame.failed(7);
  EXPECT_THAT(verdict.bad, IsEmpty());
  EXPECT_THAT(verdict.suspects, IsEmpty());
}

}  // namespace swarmout::test
