#include "seeder/election/heartbeat.hpp"

#include "common/fleet/leader_record.hpp"
#include "tests/seeder/election/log_text.hpp"
#include "tests/support/manual_clock.hpp"

#include <gmock/gmock.h>

#include <atomic>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

/// A leader with a claim, under a clock that the test moves.
class HeartbeatTest : public testing::Test {
protected:
  HeartbeatTest() { state_->clock = &clock_; }

  void start() { start_on(std::make_unique<MemoryShare>(state_)); }
  void start_on(std::unique_ptr<Share> share) {
    heartbeat_.emplace(std::move(share), fleet_keys(), leadership_, HeartbeatSettings{10s, 1h}, clock_, order_, [this] {
      HeartbeatInfo info;
      info.phase = phase_;
      info.files = files_;
      info.host = "this-host";
      info.counter = 999'999;  // not ours to say
      return info;
    });
    EXPECT_TRUE(clock_.someone_sleeps());
  }
  HeartbeatInfo seen() {
    MemoryShare share(state_);
    const auto cell = share.read_cell(CellKind::heartbeat, claim_cell(leadership_.claim, leadership_.owner));
    if (!cell || !*cell) {
      return {};
    }
    const auto info = decode_heartbeat((*cell)->bytes, {leadership_.claim, leadership_.owner}, fleet_trust());
    EXPECT_THAT(info, IsOk());
    return info.value_or(HeartbeatInfo{});
  }

  ManualClock clock_;
  std::shared_ptr<MemoryShareState> state_ = std::make_shared<MemoryShareState>();
  OtherHost host_{state_, "this-host"};
  Leadership leadership_ = host_.claim("slot-1");
  StopOrder order_{{}};
  std::atomic<Phase> phase_{Phase::exporting};
  std::atomic<std::uint64_t> files_{0};
  std::optional<Heartbeat> heartbeat_;
};

}  // namespace

TEST_F(HeartbeatTest, TheFirstBeatComesAtOnce) {
  start();

  EXPECT_EQ(seen().counter, 1U);
  EXPECT_EQ(seen().host, "this-host");
}

TEST_F(HeartbeatTest, TheNextOnesComeAtEachInterval) {
  start();

  clock_.pass(9s, 1s);
  EXPECT_EQ(seen().counter, 1U);
  clock_.pass(1s, 1s);
  EXPECT_EQ(seen().counter, 2U);
  clock_.pass(30s, 1s);
  EXPECT_EQ(seen().counter, 5U);
}

TEST_F(HeartbeatTest, WhatChangedIsToldAtOnce) {
  start();
  phase_ = Phase::staged;
  files_ = 42;

  heartbeat_->beat_now();

  EXPECT_TRUE(wait_for([this] { return seen().phase == Phase::staged; })) << "without any time passing";
  EXPECT_EQ(seen().files, 42U);
  EXPECT_EQ(seen().counter, 2U);
}

TEST_F(HeartbeatTest, SeveralNewsAtOnceAreOneBeat) {
  auto share = std::make_unique<MemoryShare>(state_);
  std::atomic<bool> hang{false};
  std::atomic<int> hanging{0};
  share->before = [&](std::string_view operation) -> std::optional<Error> {
    if (operation == "write_cell" && hang) {
      ++hanging;
      EXPECT_TRUE(wait_for([&] { return !hang.load(); }));
    }
    return std::nullopt;
  };
  start_on(std::move(share));
  hang = true;
  heartbeat_->beat_now();
  ASSERT_TRUE(wait_for([&] { return hanging == 1; }));

  for (int i = 0; i < 100; ++i) {
    heartbeat_->beat_now();
  }
  hang = false;

  EXPECT_TRUE(wait_for([this] { return seen().counter == 3; })) << "the one under way, and one for all of these";
  clock_.pass(9s, 1s);
  EXPECT_EQ(seen().counter, 3U);
}

TEST_F(HeartbeatTest, BeatsThatFailAreTriedAgain) {
  auto share = std::make_unique<MemoryShare>(state_);
  std::atomic<bool> away{true};
  share->before = [&](std::string_view) {
    return away ? std::optional(Error{ErrorCode::temporary, "away", ""}) : std::nullopt;
  };
  start_on(std::move(share));
  clock_.pass(60s, 1s);
  EXPECT_EQ(seen().counter, 0U);
  EXPECT_FALSE(order_.given()) << "nobody is judged while nobody can read";

  away = false;
  clock_.pass(10s, 1s);

  EXPECT_GT(seen().counter, 5U);
}

TEST_F(HeartbeatTest, ASuccessorIsSeenWithinSeconds) {
  start();
  OtherHost successor(state_, "successor");
  successor.claim("slot-1", 2);

  clock_.pass(kLookAtLog, 1s);

  ASSERT_TRUE(wait_for([this] { return order_.given().has_value(); }));
  EXPECT_EQ(order_.given()->reason, StopReason::passed);
  EXPECT_THAT(order_.given()->why, testing::HasSubstr("taken over by successor (epoch 2"));
}

TEST_F(HeartbeatTest, SoIsAnAbandonInOurName) {
  start();
  OtherHost operators(state_, "operators-host");
  operators.abandon(leadership_, "the leader is gone");

  clock_.pass(kLookAtLog, 1s);

  ASSERT_TRUE(wait_for([this] { return order_.given().has_value(); }));
  EXPECT_THAT(order_.given()->why, testing::HasSubstr("abandoned by"));
}

TEST_F(HeartbeatTest, WhatNobodySignedIsNoSuccessorButTakesTheNumber) {
  start();
  MemoryShare share(state_);
  ASSERT_EQ(share.put(leadership_.claim.next(), "garbage").outcome, PutOutcome::won);

  clock_.pass(kLookAtLog, 1s);

  ASSERT_TRUE(wait_for([this] { return order_.given().has_value(); }));
  EXPECT_EQ(order_.given()->reason, StopReason::hindered);
  EXPECT_EQ(error_of(*order_.given()).code, ErrorCode::refused);
  EXPECT_THAT(order_.given()->why, testing::HasSubstr("entry 2 that is not signed"));
}

TEST_F(HeartbeatTest, ABeatSaysUnderWhichClaimAndWhenByTheSharesClock) {
  start();

  EXPECT_EQ(seen().claim, (ClaimId{leadership_.claim, leadership_.owner}));
  const WallTime first = seen().time;
  clock_.pass(30s, 1s);
  EXPECT_EQ(seen().time - first, 30s);
}

TEST_F(HeartbeatTest, OurOwnCommitPassesNobody) {
  start();
  host_.commit(leadership_);
  host_.claim("slot-2");

  clock_.pass(60s, 1s);

  EXPECT_FALSE(order_.given());
}

TEST_F(HeartbeatTest, AfterAnOrderToStopItIsSilent) {
  start();

  order_.give(StopReason::asked, "a signal");

  EXPECT_TRUE(wait_for([this] { return !clock_.someone_sleeps(std::chrono::milliseconds(0)); }));
  clock_.advance(1h);
  EXPECT_EQ(seen().counter, 1U);
}

TEST_F(HeartbeatTest, NothingIsWrittenOnceItIsDropped) {
  start();

  heartbeat_.reset();
  clock_.advance(1h);

  EXPECT_EQ(seen().counter, 1U);
}

TEST_F(HeartbeatTest, AProcessThatWasPausedKnowsForHowLong) {
  start();
  clock_.pass(10s, 1s);
  EXPECT_LT(heartbeat_->longest_pause(), 1s);

  clock_.advance(5min);

  EXPECT_TRUE(wait_for([this] { return heartbeat_->longest_pause() >= 4min; }));
}

}  // namespace swarmout::test
