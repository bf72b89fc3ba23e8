#include "seeder/election/stall_watch.hpp"

#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

/// Looks each second at work that the test makes.
class StallWatchTest : public testing::Test {
protected:
  StallWatchTest() { info_.phase = Phase::exporting; }
  bool stalls_within(std::chrono::seconds time) {
    for (std::chrono::seconds gone{0}; gone < time; gone += 1s) {
      now_ += 1s;
      if (watch_.saw(now_, info_)) {
        return true;
      }
    }
    return false;
  }

  MonotonicTime now_{1h};
  HeartbeatInfo info_;
  StallWatch watch_{1s, 1min};
};

}  // namespace

TEST_F(StallWatchTest, WorkThatDoesNotMoveIsStalled) {
  EXPECT_FALSE(stalls_within(61s));
  EXPECT_TRUE(stalls_within(1s));
}

TEST_F(StallWatchTest, ItSaysForHowLong) {
  stalls_within(90s);

  EXPECT_EQ(watch_.saw(now_, info_), 61s);
}

TEST_F(StallWatchTest, WorkThatMovesIsNot) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(stalls_within(50s));
    ++info_.files;
    EXPECT_FALSE(stalls_within(50s));
    ++info_.read;
    EXPECT_FALSE(stalls_within(50s));
    ++info_.packed;
  }
}

TEST_F(StallWatchTest, TheNextPhaseIsProgress) {
  EXPECT_FALSE(stalls_within(50s));
  info_.phase = Phase::sealing;

  EXPECT_FALSE(stalls_within(50s));
}

TEST_F(StallWatchTest, WaitingForPeersIsNotBeingStuck) {
  info_.phase = Phase::staged;
  EXPECT_FALSE(stalls_within(1h));
  info_.phase = Phase::seeding;
  EXPECT_FALSE(stalls_within(1h));
}

TEST_F(StallWatchTest, AfterWaitingTheTimeBeginsAnew) {
  info_.phase = Phase::staged;
  EXPECT_FALSE(stalls_within(1h));
  info_.phase = Phase::sealing;

  EXPECT_FALSE(stalls_within(60s));
  EXPECT_TRUE(stalls_within(2s));
}

TEST_F(StallWatchTest, AProcessThatWasPausedIsNotStuck) {
  EXPECT_FALSE(stalls_within(10s));
  now_ += 1h;

  EXPECT_FALSE(stalls_within(60s));
}

}  // namespace swarmout::test
