#include "seeder/election/watchdog.hpp"

#include "tests/support/manual_clock.hpp"

#include <gmock/gmock.h>

#include <atomic>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

/// Work whose progress the test makes, under a clock that it moves.
class WatchdogTest : public testing::Test {
protected:
  void start(WatchdogSettings settings = {1h, 10min, 6s}) {
    watchdog_.emplace(clock_, settings, order_,
                      WatchdogDuties{[this] {
                                       HeartbeatInfo info;
                                       info.phase = phase_;
                                       info.files = files_;
                                       return info;
                                     },
                                     [this](const StopOrder::Given& order) {
                                       reason_ = order.reason;
                                       ++claims_ended_;
                                     },
                                     [this](const StopOrder::Given&, Phase) { ++processes_ended_; }});
  }
  bool ordered() {
    return wait_for([this] { return order_.given().has_value(); });
  }
  bool claim_ends() {
    return wait_for([this] { return claims_ended_ == 1; });
  }

  ManualClock clock_;
  StopOrder order_{{}};
  std::atomic<Phase> phase_{Phase::exporting};
  std::atomic<std::uint64_t> files_{0};
  std::atomic<StopReason> reason_{StopReason::asked};
  std::atomic<int> claims_ended_{0};
  std::atomic<int> processes_ended_{0};
  std::optional<Watchdog> watchdog_;
};

}  // namespace

TEST_F(WatchdogTest, WorkThatEndsInTimeIsLeftAlone) {
  start();
  clock_.pass(5min, 1s);

  watchdog_.reset();

  EXPECT_FALSE(order_.given());
  EXPECT_EQ(claims_ended_, 0);
  EXPECT_EQ(processes_ended_, 0);
}

TEST_F(WatchdogTest, WorkThatDoesNotMoveIsStopped) {
  start();

  clock_.pass(10min + 3s, 1s);

  ASSERT_TRUE(ordered());
  EXPECT_EQ(order_.given()->reason, StopReason::stalled);
  EXPECT_THAT(order_.given()->why, testing::HasSubstr("exporting"));
  EXPECT_TRUE(claim_ends());
}

TEST_F(WatchdogTest, WorkThatMovesForTooLongIsStopped) {
  start();
  for (int i = 0; i < 59; ++i) {
    ++files_;
    clock_.pass(1min, 1s);
  }
  ASSERT_FALSE(order_.given());
  ++files_;

  clock_.pass(1min + 1s, 1s);

  ASSERT_TRUE(ordered());
  EXPECT_EQ(order_.given()->reason, StopReason::overtime);
  EXPECT_TRUE(claim_ends());
}

TEST_F(WatchdogTest, WaitingForPeersIsBoundedByTheRuntimeOnly) {
  phase_ = Phase::staged;
  start();
  clock_.pass(59min, 1s);
  EXPECT_FALSE(order_.given());

  clock_.pass(2min, 1s);

  ASSERT_TRUE(ordered());
  EXPECT_EQ(order_.given()->reason, StopReason::overtime);
}

TEST_F(WatchdogTest, TheClaimEndsAsSoonAsAStopIsOrdered) {
  start();
  ASSERT_TRUE(clock_.someone_sleeps());

  order_.give(StopReason::asked, "a signal");

  EXPECT_TRUE(claim_ends()) << "without any time passing";
  EXPECT_EQ(reason_, StopReason::asked);
}

TEST_F(WatchdogTest, AProcessWhoseWorkDoesNotComeBackIsEnded) {
  start();
  order_.give(StopReason::asked, "a signal");
  ASSERT_TRUE(claim_ends());
  ASSERT_TRUE(clock_.someone_sleeps());
  clock_.advance(5s);
  ASSERT_TRUE(clock_.someone_sleeps());
  EXPECT_EQ(processes_ended_, 0);

  clock_.advance(1s);

  EXPECT_TRUE(wait_for([this] { return processes_ended_ == 1; }));
}

TEST_F(WatchdogTest, OneWhoseWorkComesBackIsNot) {
  start();
  order_.give(StopReason::asked, "a signal");
  ASSERT_TRUE(claim_ends());
  ASSERT_TRUE(clock_.someone_sleeps());

  watchdog_.reset();

  EXPECT_EQ(processes_ended_, 0);
}

}  // namespace swarmout::test
