// The state machine of the election, fed by hand: who stays as a deputy, who waits how long, who goes.

#include "seeder/election/contender.hpp"

#include "common/fleet/log_reader.hpp"
#include "tests/seeder/election/log_text.hpp"
#include "tests/support/fake_clock.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kFrozen = 17;  ///< a counter that does not move

class ContenderTest : public testing::Test {
protected:
  ContenderTest() {
    state_->clock = &clock_;
    settings_.slot = "s";
    settings_.beat = 10s;
    settings_.stale_checks = 3;
    settings_.takeover_jitter = 20s;
    contender_ = Contender(settings_, [](std::chrono::milliseconds limit) { return limit; });
  }
  NextStep step(std::optional<std::uint64_t> beat = {}, bool read = true) {
    const LogView* const view = reader_.refresh().value();
    std::optional<HeartbeatInfo> heartbeat;
    if (beat) {
      heartbeat.emplace().counter = *beat;
    }
    return contender_.step({*view, clock_.wall(), clock_.now(), read, std::move(heartbeat)});
  }
  /// Looks every beat, with a heartbeat that does not change, until the step is something else than "look again".
  NextStep watch_a_silent_leader(int most) {
    for (int i = 0; i < most; ++i) {
      NextStep next = step(kFrozen);
      if (!std::holds_alternative<LookAgain>(next)) {
        return next;
      }
      clock_.advance(std::get<LookAgain>(next).wait);
    }
    return LookAgain{0s};
  }

  FakeClock clock_;
  std::shared_ptr<MemoryShareState> state_ = std::make_shared<MemoryShareState>();
  MemoryShare share_{state_};
  LogReader reader_{share_, fleet_trust()};
  OtherHost other_{state_};
  ElectionSettings settings_;
  Contender contender_{{}, {}};
};

}  // namespace

TEST_F(ContenderTest, OnAnEmptyLogItClaimsTheFirstNumber) {
  const NextStep next = step();

  ASSERT_TRUE(std::holds_alternative<MakeClaim>(next));
  EXPECT_EQ(std::get<MakeClaim>(next).position, Position{1});
}

TEST_F(ContenderTest, BesideALivingLeaderItAsksForASeat) {
  other_.claim("s");
  EXPECT_TRUE(std::holds_alternative<LookAgain>(step(1)));
  clock_.advance(10s);

  const NextStep next = step(2);

  ASSERT_TRUE(std::holds_alternative<TakeSeat>(next));
  EXPECT_EQ(std::get<TakeSeat>(next).claim, Position{1});
}

TEST_F(ContenderTest, WithoutASeatItLeaves) {
  other_.claim("s");
  (void)step(1);
  clock_.advance(10s);
  (void)step(2);
  contender_.seated(false);

  EXPECT_TRUE(std::holds_alternative<SomebodyElse>(step(2)));
}

TEST_F(ContenderTest, ADeputyStaysAndTakesOverWhenTheLeaderFallsSilent) {
  other_.claim("s");
  (void)step(1);
  clock_.advance(10s);
  (void)step(kFrozen);
  contender_.seated(true);
  const MonotonicTime silent = clock_.now();

  const NextStep next = watch_a_silent_leader(20);

  ASSERT_TRUE(std::holds_alternative<MakeClaim>(next));
  EXPECT_EQ(std::get<MakeClaim>(next).position, Position{2});
  EXPECT_EQ(std::get<MakeClaim>(next).attempt, 2U);
  EXPECT_GE(clock_.now() - silent, 3 * 10s + 20s) << "all checks, and the random wait";
}

TEST_F(ContenderTest, ADeputyWhoseLeaderPublishesGoesQuietly) {
  const Leadership leader = other_.claim("s");
  (void)step(1);
  clock_.advance(10s);
  (void)step(2);
  contender_.seated(true);
  other_.commit(leader);

  EXPECT_TRUE(std::holds_alternative<AlreadyPublished>(step()));
}

TEST_F(ContenderTest, ADeputyWhoseLeaderGivesUpTriesAtOnce) {
  const Leadership leader = other_.claim("s");
  (void)step(1);
  clock_.advance(10s);
  (void)step(2);
  contender_.seated(true);
  other_.abandon(leader, "no disk space");

  const NextStep next = step();

  ASSERT_TRUE(std::holds_alternative<MakeClaim>(next));
  EXPECT_EQ(std::get<MakeClaim>(next).position, Position{3});
}

TEST_F(ContenderTest, BeforeTheThirdAttemptItWaitsAndBeforeTheFourthTwiceAsLong) {
  settings_.max_attempts = 5;
  settings_.retry_wait = 10s;
  contender_ = Contender(settings_, [](std::chrono::milliseconds) { return 0ms; });
  const auto waits = [&] {
    const MonotonicTime start = clock_.now();
    NextStep next = step();
    while (std::holds_alternative<LookAgain>(next)) {
      clock_.advance(std::get<LookAgain>(next).wait);
      next = step();
    }
    EXPECT_TRUE(std::holds_alternative<MakeClaim>(next));
    return clock_.now() - start;
  };
  EXPECT_EQ(waits(), 0s);
  other_.abandon(other_.claim("s"), "failed");
  EXPECT_EQ(waits(), 0s);
  other_.abandon(other_.claim("s", 2), "failed");
  EXPECT_EQ(waits(), 10s);
  other_.abandon(other_.claim("s", 3), "failed");
  EXPECT_EQ(waits(), 20s);
}

TEST_F(ContenderTest, ASignOfLifeDuringTheWaitBeforeATakeoverCancelsIt) {
  other_.claim("s");
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(std::holds_alternative<LookAgain>(step(kFrozen)));
    clock_.advance(10s);
  }
  contender_.seated(true);
  EXPECT_TRUE(std::holds_alternative<LookAgain>(step(kFrozen + 1))) << "no claim";
  clock_.advance(10s);
  EXPECT_TRUE(std::holds_alternative<LookAgain>(step(kFrozen + 1))) << "and the checks start anew";
}

TEST_F(ContenderTest, NobodyIsJudgedWhileTheShareDoesNotAnswer) {
  other_.claim("s");
  for (int i = 0; i < 50; ++i) {
    const NextStep next = step({}, /*read=*/false);
    ASSERT_TRUE(std::holds_alternative<LookAgain>(next));
    clock_.advance(std::get<LookAgain>(next).wait);
  }
}

}  // namespace swarmout::test
