// What the log alone says about a run.

#include "tests/seeder/election/election_fixture.hpp"

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using Kind = Decision::Kind;

class Decide : public ElectionTest {};

}  // namespace

TEST_F(Decide, AnEmptyLogIsClaimedAtOne) {
  const Decision decision = decided();

  EXPECT_EQ(decision.kind, Kind::claim);
  EXPECT_EQ(decision.position.value, 1U);
  EXPECT_EQ(decision.attempt, 1U);
}

TEST_F(Decide, ASlotThatIsPublishedNeedsNothing) {
  const Position release = other_.commit(other_.claim("slot-1"));

  const Decision decision = decided();

  EXPECT_EQ(decision.kind, Kind::published);
  EXPECT_EQ(decision.position, release);
  EXPECT_THAT(decision.message, testing::HasSubstr("slot-1"));
}

TEST_F(Decide, ASlotThatWasPublishedUnchangedNamesTheOldRelease) {
  const Position release = other_.commit(other_.claim("slot-0"));
  other_.commit_unchanged(other_.claim("slot-1"), release);

  const Decision decision = decided();

  EXPECT_EQ(decision.kind, Kind::published);
  EXPECT_EQ(decision.position, release);
}

TEST_F(Decide, AnOlderSlotThatIsPublishedStaysSo) {
  other_.commit(other_.claim("slot-1"));
  other_.commit(other_.claim("slot-2"));

  EXPECT_EQ(decided().kind, Kind::published);
}

TEST_F(Decide, APublishedSlotGoesBeforeAnOpenClaim) {
  other_.commit(other_.claim("slot-1"));
  other_.claim("slot-2");

  EXPECT_EQ(decided().kind, Kind::published);
}

TEST_F(Decide, AnotherSlotThatIsPublishedIsNoReason) {
  other_.commit(other_.claim("slot-0"));

  const Decision decision = decided();

  EXPECT_EQ(decision.kind, Kind::claim);
  EXPECT_EQ(decision.position.value, 3U);
}

TEST_F(Decide, AnOpenClaimIsWatched) {
  const Leadership holder = other_.claim("slot-1");

  const Decision decision = decided();

  EXPECT_EQ(decision.kind, Kind::watch);
  EXPECT_EQ(decision.position, holder.claim);
}

TEST_F(Decide, AnOpenClaimOfAnotherSlotIsWatchedToo) {
  other_.claim("slot-0");

  EXPECT_EQ(decided().kind, Kind::watch);
}

TEST_F(Decide, AfterAFailureTheNextAttemptIsCounted) {
  other_.abandon(other_.claim("slot-1"), "disk full");

  const Decision decision = decided();

  EXPECT_EQ(decision.kind, Kind::claim);
  EXPECT_EQ(decision.attempt, 2U);
  EXPECT_EQ(decision.position.value, 3U);
}

TEST_F(Decide, AfterTooManyFailuresTheSlotIsGivenUp) {
  for (unsigned i = 1; i <= 3; ++i) {
    other_.abandon(other_.claim("slot-1", i), "disk full");
  }

  const Decision decision = decided();

  EXPECT_EQ(decision.kind, Kind::gave_up);
  EXPECT_THAT(decision.message, testing::HasSubstr("disk full"));
  EXPECT_THAT(decision.message, testing::HasSubstr("3 times"));
}

TEST_F(Decide, TheLastAttemptIsStillMade) {
  for (unsigned i = 1; i <= 2; ++i) {
    other_.abandon(other_.claim("slot-1", i), "disk full");
  }

  EXPECT_EQ(decided().kind, Kind::claim);
}

TEST_F(Decide, FailuresOfAnotherSlotDoNotCount) {
  for (unsigned i = 1; i <= 5; ++i) {
    other_.abandon(other_.claim("slot-0", i), "disk full");
  }

  const Decision decision = decided();

  EXPECT_EQ(decision.kind, Kind::claim);
  EXPECT_EQ(decision.attempt, 1U);
}

TEST_F(Decide, WithoutASlotFailuresAreNotCounted) {
  settings_.slot = "";
  for (unsigned i = 1; i <= 5; ++i) {
    other_.abandon(other_.claim("", i), "disk full");
  }

  EXPECT_EQ(decided().kind, Kind::claim);
}

TEST_F(Decide, WithoutASlotAYoungCommitHoldsOff) {
  settings_.slot = "";
  settings_.hold_off = 10min;
  const Position release = other_.commit(other_.claim());
  clock_.advance(9min);

  const Decision decision = decided();

  EXPECT_EQ(decision.kind, Kind::published);
  EXPECT_EQ(decision.position, release);
}

TEST_F(Decide, WithoutASlotAnOldCommitDoesNotHoldOff) {
  settings_.slot = "";
  settings_.hold_off = 10min;
  other_.commit(other_.claim());
  clock_.advance(10min);

  EXPECT_EQ(decided().kind, Kind::claim);
}

TEST_F(Decide, ACommitALittleInTheFutureHoldsOff) {
  settings_.slot = "";
  settings_.hold_off = 10min;
  other_.commit(other_.claim());
  clock_.set_wall(clock_.wall() - 9min);

  EXPECT_EQ(decided().kind, Kind::published);
}

TEST_F(Decide, ACommitFarInTheFutureDoesNotHoldOffForEver) {
  settings_.slot = "";
  settings_.hold_off = 10min;
  other_.commit(other_.claim());
  clock_.set_wall(clock_.wall() - std::chrono::hours(24 * 365));

  EXPECT_EQ(decided().kind, Kind::claim);
}

TEST_F(Decide, WithoutHoldOffAYoungCommitIsNoReason) {
  settings_.slot = "";
  other_.commit(other_.claim());

  EXPECT_EQ(decided().kind, Kind::claim);
}

TEST_F(Decide, WithASlotThereIsNoHoldOff) {
  settings_.hold_off = 10min;
  other_.commit(other_.claim("slot-0"));

  EXPECT_EQ(decided().kind, Kind::claim);
}

TEST_F(Decide, AnUnchangedCommitHoldsOffToo) {
  settings_.slot = "";
  settings_.hold_off = 10min;
  const Position release = other_.commit(other_.claim());
  clock_.advance(1h);
  other_.commit_unchanged(other_.claim(), release);

  EXPECT_EQ(decided().kind, Kind::published);
}

}  // namespace swarmout::test
