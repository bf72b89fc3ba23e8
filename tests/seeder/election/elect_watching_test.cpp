// A run that finds a leader at work.

#include "tests/seeder/election/election_fixture.hpp"

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

const Error kShareIsAway{ErrorCode::temporary, "the share is away", ""};

class ElectWatching : public ElectionTest {};

}  // namespace

TEST_F(ElectWatching, ALivingLeaderIsLeftAlone) {
  const Leadership leader = other_.claim("slot-1");
  before_look([&](int) -> std::optional<Error> {
    other_.beat(leader);
    return std::nullopt;
  });

  const auto outcome = elected();

  const auto* const somebody = as<SomebodyElse>(outcome);
  ASSERT_NE(somebody, nullptr);
  EXPECT_THAT(somebody->message, testing::HasSubstr("other-host"));
  EXPECT_THAT(somebody->message, testing::HasSubstr("exporting, 17 files"));
  EXPECT_EQ(share_.tail({}).value_or(Position{}).value, 1U);
}

TEST_F(ElectWatching, ALeaderWhoseFirstHeartbeatComesLateIsLeftAlone) {
  const Leadership leader = other_.claim("slot-1");
  before_look([&](int look) -> std::optional<Error> {
    if (look == 4) {
      other_.beat(leader);
    }
    return std::nullopt;
  });

  EXPECT_NE(as<SomebodyElse>(elected()), nullptr);
}

TEST_F(ElectWatching, ASilentLeaderIsTakenOver) {
  const Leadership leader = other_.claim("slot-1");
  other_.beat(leader);

  const auto outcome = elected();

  const auto* const won = as<Leadership>(outcome);
  ASSERT_NE(won, nullptr);
  EXPECT_EQ(won->claim, leader.claim.next());
  EXPECT_EQ(won->attempt, 2U);
}

TEST_F(ElectWatching, ALeaderThatNeverBeatIsTakenOver) {
  other_.claim("slot-1");

  EXPECT_NE(as<Leadership>(elected()), nullptr);
}

TEST_F(ElectWatching, ASilentLeaderIsWatchedForAllTheStaleChecks) {
  other_.claim("slot-1");
  before_look([](int) { return std::nullopt; });
  const MonotonicTime start = clock_.now();

  ASSERT_NE(as<Leadership>(elected()), nullptr);

  EXPECT_EQ(looks_, 7);  // the first one to compare with
  EXPECT_GE(clock_.now() - start, 60s);
}

TEST_F(ElectWatching, ALeaderThatEndsWhileItIsWatchedIsNotFenced) {
  const Leadership leader = other_.claim("slot-1");
  before_look([&](int look) -> std::optional<Error> {
    if (look == 5) {
      other_.commit(leader);
    }
    return std::nullopt;
  });

  const auto outcome = elected();

  EXPECT_NE(as<AlreadyPublished>(outcome), nullptr);
}

TEST_F(ElectWatching, ALeaderThatGivesUpWhileItIsWatchedIsFollowed) {
  const Leadership leader = other_.claim("slot-1");
  before_look([&](int look) -> std::optional<Error> {
    if (look == 3) {
      other_.abandon(leader, "disk full");
    }
    return std::nullopt;
  });

  const auto outcome = elected();

  const auto* const won = as<Leadership>(outcome);
  ASSERT_NE(won, nullptr);
  EXPECT_EQ(won->claim.value, 3U);
  EXPECT_EQ(won->attempt, 2U);
}

TEST_F(ElectWatching, AnObserverThatWasPausedJudgesNobody) {
  const Leadership leader = other_.claim("slot-1");
  before_look([&](int look) -> std::optional<Error> {
    if (look <= 20) {
      clock_.advance(5min);  // paused before each look
    } else if (look == 24) {
      other_.commit(leader);
    }
    return std::nullopt;
  });

  EXPECT_NE(as<AlreadyPublished>(elected()), nullptr);
}

TEST_F(ElectWatching, AfterAPauseTheStaleChecksStartAnew) {
  other_.claim("slot-1");
  before_look([&](int look) -> std::optional<Error> {
    if (look == 5) {
      clock_.advance(5min);
    }
    return std::nullopt;
  });

  ASSERT_NE(as<Leadership>(elected()), nullptr);

  EXPECT_EQ(looks_, 4 + 7);
}

TEST_F(ElectWatching, AJumpOfTheWallClockChangesNothing) {
  other_.claim("slot-1");
  before_look([&](int) -> std::optional<Error> {
    clock_.set_wall(clock_.wall() + std::chrono::hours(24));
    return std::nullopt;
  });

  ASSERT_NE(as<Leadership>(elected()), nullptr);

  EXPECT_EQ(looks_, 7);
}

TEST_F(ElectWatching, ErrorsOfTheShareAreNotTakenForDeath) {
  const Leadership leader = other_.claim("slot-1");
  before_look([&](int look) -> std::optional<Error> {
    if (look == 50) {
      other_.commit(leader);
    }
    return kShareIsAway;
  });

  EXPECT_NE(as<AlreadyPublished>(elected()), nullptr);
}

TEST_F(ElectWatching, AfterAnErrorOfTheShareTheStaleChecksStartAnew) {
  other_.claim("slot-1");
  before_look([&](int look) { return look == 5 ? std::optional(kShareIsAway) : std::nullopt; });

  ASSERT_NE(as<Leadership>(elected()), nullptr);

  EXPECT_EQ(looks_, 5 + 7);
}

TEST_F(ElectWatching, WithWaitItStaysUntilTheSlotIsPublished) {
  settings_.wait = true;
  const Leadership leader = other_.claim("slot-1");
  before_look([&](int look) -> std::optional<Error> {
    other_.beat(leader);
    if (look == 100) {
      other_.commit(leader);
    }
    return std::nullopt;
  });

  EXPECT_NE(as<AlreadyPublished>(elected()), nullptr);
  EXPECT_EQ(looks_, 100);
}

TEST_F(ElectWatching, WithWaitItTakesOverFromALeaderThatDies) {
  settings_.wait = true;
  const Leadership leader = other_.claim("slot-1");
  before_look([&](int look) -> std::optional<Error> {
    if (look <= 10) {
      other_.beat(leader);
    }
    return std::nullopt;
  });

  ASSERT_NE(as<Leadership>(elected()), nullptr);

  EXPECT_EQ(looks_, 16);
}

TEST_F(ElectWatching, ASilentLeaderOfAnotherSlotIsTakenOverForOurs) {
  other_.claim("slot-0", 3);

  const auto outcome = elected();

  const auto* const won = as<Leadership>(outcome);
  ASSERT_NE(won, nullptr);
  EXPECT_EQ(won->slot, "slot-1");
  EXPECT_EQ(won->attempt, 1U);
}

TEST_F(ElectWatching, AStopWhileWatchingIsTemporary) {
  settings_.wait = true;
  const Leadership leader = other_.claim("slot-1");
  std::stop_source stop;
  before_look([&](int look) -> std::optional<Error> {
    other_.beat(leader);
    if (look == 5) {
      stop.request_stop();
    }
    return std::nullopt;
  });

  EXPECT_THAT(elected(stop.get_token()), FailsWith(ErrorCode::temporary, "stopped"));
}

TEST_F(ElectWatching, AClaimAfterATakeoverSaysWhenItWasMade) {
  other_.claim("slot-1");
  const WallTime start = clock_.wall();

  ASSERT_NE(as<Leadership>(elected()), nullptr);

  EXPECT_GE(entry_at(share_, Position{2}).time, utc(start + 60s));
}

TEST_F(ElectWatching, AClaimOfAProcessThatIsKnownToHaveEndedIsTakenOverAtOnce) {
  const Leadership leader = other_.claim("slot-1");
  other_.beat(leader);
  settings_.dead_owner = leader.owner;
  settings_.splay = 0s;
  const MonotonicTime start = clock_.now();

  const auto outcome = elected();

  const auto* const won = as<Leadership>(outcome);
  ASSERT_NE(won, nullptr);
  EXPECT_EQ(won->claim, leader.claim.next());
  EXPECT_EQ(won->attempt, 2U);
  EXPECT_EQ(clock_.now(), start);
}

TEST_F(ElectWatching, AClaimOfAnybodyElseIsWatchedAllTheSame) {
  settings_.dead_owner = other_.claim("slot-0").owner;
  const Leadership leader = other_.claim("slot-1");
  before_look([&](int) -> std::optional<Error> {
    other_.beat(leader);
    return std::nullopt;
  });

  EXPECT_NE(as<SomebodyElse>(elected()), nullptr);
}

TEST_F(ElectWatching, AJobThatKillsItsHostIsNotTriedForEver) {
  for (unsigned i = 1; i <= 3; ++i) {
    settings_.dead_owner = other_.claim("slot-1", i).owner;
  }

  EXPECT_THAT(elected(), FailsWith(ErrorCode::failed, "given up"));
}

}  // namespace swarmout::test
