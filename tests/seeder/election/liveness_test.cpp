#include "seeder/election/liveness.hpp"

#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

constexpr auto kInterval = std::chrono::seconds(10);

/// Looks once an interval, unless told to wait.
class LivenessTest : public testing::Test {
protected:
  Verdict look(std::optional<std::uint64_t> counter) {
    now_ += kInterval;
    return liveness_.saw(now_, counter);
  }
  MonotonicTime now_{};
  Liveness liveness_{kInterval, 3};
};

}  // namespace

TEST_F(LivenessTest, OneLookSaysNothing) {
  EXPECT_EQ(look(1), Verdict::unknown);
}

TEST_F(LivenessTest, CountingOnIsLife) {
  look(1);

  EXPECT_EQ(look(2), Verdict::alive);
}

TEST_F(LivenessTest, AFirstHeartbeatIsLife) {
  look(std::nullopt);

  EXPECT_EQ(look(1), Verdict::alive);
}

TEST_F(LivenessTest, NotCountingOnIsStaleAfterEnoughLooks) {
  look(1);

  EXPECT_EQ(look(1), Verdict::unknown);
  EXPECT_EQ(look(1), Verdict::unknown);
  EXPECT_EQ(look(1), Verdict::stale);
}

TEST_F(LivenessTest, ALeaderWithoutAnyHeartbeatGetsStaleToo) {
  look(std::nullopt);
  look(std::nullopt);
  look(std::nullopt);

  EXPECT_EQ(look(std::nullopt), Verdict::stale);
}

TEST_F(LivenessTest, AChangeStartsTheCountAnew) {
  look(1);
  look(1);
  look(1);

  EXPECT_EQ(look(2), Verdict::alive);
  EXPECT_EQ(look(2), Verdict::unknown);
  EXPECT_EQ(look(2), Verdict::unknown);
  EXPECT_EQ(look(2), Verdict::stale);
}

TEST_F(LivenessTest, AfterAGapNothingIsJudgedStale) {
  look(1);
  look(1);
  look(1);
  now_ += 5 * kInterval;

  EXPECT_EQ(look(1), Verdict::unknown);
  EXPECT_EQ(look(1), Verdict::unknown);
}

TEST_F(LivenessTest, AfterAGapAChangeIsNotJudgedAlive) {
  look(1);
  now_ += 5 * kInterval;

  EXPECT_EQ(look(2), Verdict::unknown);
}

TEST_F(LivenessTest, ALookThatIsALittleLateIsNoGap) {
  look(1);
  now_ += kInterval;

  EXPECT_EQ(look(2), Verdict::alive);
}

TEST_F(LivenessTest, AMissedLookStartsTheCountAnew) {
  look(1);
  look(1);
  look(1);
  liveness_.missed();

  EXPECT_EQ(look(1), Verdict::unknown);
  EXPECT_EQ(look(1), Verdict::unknown);
  EXPECT_EQ(look(1), Verdict::unknown);
  EXPECT_EQ(look(1), Verdict::stale);
}

TEST_F(LivenessTest, AHeartbeatThatIsRemovedIsNoSignOfLife) {
  look(1);
  look(1);

  EXPECT_EQ(look(std::nullopt), Verdict::unknown);
  EXPECT_EQ(look(std::nullopt), Verdict::stale);
}

TEST_F(LivenessTest, NorIsOneThatComesBack) {
  look(1);
  look(std::nullopt);

  EXPECT_EQ(look(1), Verdict::unknown);
  EXPECT_EQ(look(2), Verdict::alive);
}

TEST_F(LivenessTest, OldBeatsThatAreShownAgainAreNoLife) {
  look(7);

  EXPECT_EQ(look(5), Verdict::unknown);
  EXPECT_EQ(look(6), Verdict::unknown);
  EXPECT_EQ(look(7), Verdict::stale);
  EXPECT_EQ(look(8), Verdict::alive);
}

}  // namespace swarmout::test
