#include "seeder/election/election.hpp"

#include "common/base/clock.hpp"
#include "common/fleet/leader_record.hpp"
#include "common/fleet/log_reader.hpp"
#include "tests/seeder/election/log_text.hpp"
#include "tests/support/fake_clock.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <latch>
#include <thread>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using Kind = Decision::Kind;

const Error kBroken{ErrorCode::temporary, "the share is away", ""};

/// A log in memory, and a clock to move by hand.
class ElectionTest : public testing::Test {
protected:
  ElectionTest() {
    state_->clock = &clock_;
    settings_.slot = "slot-1";
    settings_.beat = 10s;
    settings_.stale_checks = 6;
    settings_.takeover_jitter = 0s;  // random; contender_test.cpp has it
    settings_.splay = 2s;
    settings_.deputies = 0;
  }
  const LogView& view() {
    const auto refreshed = reader_.refresh();
    EXPECT_THAT(refreshed, IsOk());
    return **refreshed;
  }
  Decision decided() { return decide(view(), settings_, clock_.wall()); }
  Result<ElectionOutcome> elected(std::stop_token stop = {}) {
    return elect(share_, reader_, clock_, settings_, std::move(stop));
  }
  /// Called before each look at a heartbeat, with the number of the look: 1, 2, …
  void before_look(std::function<std::optional<Error>(int)> action) {
    share_.before = [this, action = std::move(action)](std::string_view operation) -> std::optional<Error> {
      return operation == "read_cell" ? action(++looks_) : std::nullopt;
    };
  }

  FakeClock clock_;
  std::shared_ptr<MemoryShareState> state_ = std::make_shared<MemoryShareState>();
  MemoryShare share_{state_};
  LogReader reader_{share_};
  OtherHost other_{state_};
  ElectionSettings settings_;
  int looks_ = 0;
};

class Decide : public ElectionTest {};
class Elect : public ElectionTest {};

template <typename Outcome>
const Outcome* as(const Result<ElectionOutcome>& result) {
  EXPECT_THAT(result, IsOk());
  return result ? std::get_if<Outcome>(&*result) : nullptr;
}

}  // namespace

// What the log alone says.

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

// Contending.

TEST_F(Elect, TheFirstWins) {
  const auto outcome = elected();

  const auto* const won = as<Leadership>(outcome);
  ASSERT_NE(won, nullptr);
  EXPECT_EQ(won->claim.value, 1U);
  EXPECT_EQ(won->slot, "slot-1");
  EXPECT_EQ(won->attempt, 1U);
}

TEST_F(Elect, TheClaimInTheLogIsTheWinnersOne) {
  const auto outcome = elected();

  const auto* const won = as<Leadership>(outcome);
  ASSERT_NE(won, nullptr);
  const LogEntry entry = entry_at(share_, won->claim);
  EXPECT_EQ(entry.kind, EntryKind::claim);
  EXPECT_EQ(entry.owner, won->owner);
  EXPECT_EQ(sha256(**share_.read(won->claim)), won->claim_digest);
}

TEST_F(Elect, AClaimContinuesTheChain) {
  other_.commit(other_.claim("slot-0"));
  const Digest last = sha256(**share_.read(Position{2}));

  const auto outcome = elected();

  ASSERT_NE(as<Leadership>(outcome), nullptr);
  EXPECT_EQ(entry_at(share_, Position{3}).previous, last);
}

TEST_F(Elect, APublishedSlotIsReported) {
  const Position release = other_.commit(other_.claim("slot-1"));

  const auto outcome = elected();

  const auto* const published = as<AlreadyPublished>(outcome);
  ASSERT_NE(published, nullptr);
  EXPECT_EQ(published->release, release);
  EXPECT_EQ(share_.tail({}).value_or(Position{}).value, 2U);
}

TEST_F(Elect, ALivingLeaderIsLeftAlone) {
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

TEST_F(Elect, ALeaderWhoseFirstHeartbeatComesLateIsLeftAlone) {
  const Leadership leader = other_.claim("slot-1");
  before_look([&](int look) -> std::optional<Error> {
    if (look == 4) {
      other_.beat(leader);
    }
    return std::nullopt;
  });

  EXPECT_NE(as<SomebodyElse>(elected()), nullptr);
}

TEST_F(Elect, ASilentLeaderIsTakenOver) {
  const Leadership leader = other_.claim("slot-1");
  other_.beat(leader);

  const auto outcome = elected();

  const auto* const won = as<Leadership>(outcome);
  ASSERT_NE(won, nullptr);
  EXPECT_EQ(won->claim, leader.claim.next());
  EXPECT_EQ(won->attempt, 2U);
}

TEST_F(Elect, ALeaderThatNeverBeatIsTakenOver) {
  other_.claim("slot-1");

  EXPECT_NE(as<Leadership>(elected()), nullptr);
}

TEST_F(Elect, ASilentLeaderIsWatchedForAllTheStaleChecks) {
  other_.claim("slot-1");
  before_look([](int) { return std::nullopt; });
  const MonotonicTime start = clock_.now();

  ASSERT_NE(as<Leadership>(elected()), nullptr);

  EXPECT_EQ(looks_, 7);  // the first one to compare with
  EXPECT_GE(clock_.now() - start, 60s);
}

TEST_F(Elect, ALeaderThatEndsWhileItIsWatchedIsNotFenced) {
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

TEST_F(Elect, ALeaderThatGivesUpWhileItIsWatchedIsFollowed) {
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

TEST_F(Elect, AnObserverThatWasPausedJudgesNobody) {
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

TEST_F(Elect, AfterAPauseTheStaleChecksStartAnew) {
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

TEST_F(Elect, AJumpOfTheWallClockChangesNothing) {
  other_.claim("slot-1");
  before_look([&](int) -> std::optional<Error> {
    clock_.set_wall(clock_.wall() + std::chrono::hours(24));
    return std::nullopt;
  });

  ASSERT_NE(as<Leadership>(elected()), nullptr);

  EXPECT_EQ(looks_, 7);
}

TEST_F(Elect, ErrorsOfTheShareAreNotTakenForDeath) {
  const Leadership leader = other_.claim("slot-1");
  before_look([&](int look) -> std::optional<Error> {
    if (look == 50) {
      other_.commit(leader);
    }
    return kBroken;
  });

  EXPECT_NE(as<AlreadyPublished>(elected()), nullptr);
}

TEST_F(Elect, AfterAnErrorOfTheShareTheStaleChecksStartAnew) {
  other_.claim("slot-1");
  before_look([&](int look) { return look == 5 ? std::optional(kBroken) : std::nullopt; });

  ASSERT_NE(as<Leadership>(elected()), nullptr);

  EXPECT_EQ(looks_, 5 + 7);
}

TEST_F(Elect, WithWaitItStaysUntilTheSlotIsPublished) {
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

TEST_F(Elect, WithWaitItTakesOverFromALeaderThatDies) {
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

TEST_F(Elect, ALostPutIsDecidedAnew) {
  Leadership leader;
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    if (operation == "put") {
      leader = other_.claim("slot-1");
      other_.commit(leader);
    }
    return std::nullopt;
  };

  const auto outcome = elected();

  const auto* const published = as<AlreadyPublished>(outcome);
  ASSERT_NE(published, nullptr);
  EXPECT_EQ(published->release.value, 2U);
}

TEST_F(Elect, ALostPutAgainstALeaderThatLivesIsLeftAlone) {
  std::optional<Leadership> leader;
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    if (operation == "put") {
      leader = other_.claim("slot-1");
    } else if (operation == "read_cell") {
      other_.beat(*leader);
    }
    return std::nullopt;
  };

  EXPECT_NE(as<SomebodyElse>(elected()), nullptr);
  EXPECT_EQ(share_.tail({}).value_or(Position{}).value, 1U);
}

TEST_F(Elect, AnotherSuccessorThatWasFasterIsLeftAlone) {
  other_.claim("slot-1");
  OtherHost third(state_, "third-host");
  std::optional<Leadership> successor;
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    if (operation == "put") {
      successor = third.claim("slot-1", 2);
    } else if (operation == "read_cell" && successor) {
      third.beat(*successor);
    }
    return std::nullopt;
  };

  const auto outcome = elected();

  const auto* const somebody = as<SomebodyElse>(outcome);
  ASSERT_NE(somebody, nullptr);
  EXPECT_THAT(somebody->message, testing::HasSubstr("third-host"));
}

TEST_F(Elect, AnUnknownOutcomeIsTemporary) {
  share_.after = [](std::string_view operation) {
    return operation == "put" ? std::optional(Error{ErrorCode::failed, "no reply", ""}) : std::nullopt;
  };

  EXPECT_THAT(elected(), FailsWith(ErrorCode::temporary, "no reply"));
}

TEST_F(Elect, AShareThatCannotBeWrittenIsSaidToBeSo) {
  share_.before = [](std::string_view operation) {
    return operation == "put" ? std::optional(Error{ErrorCode::cannot_write, "read-only", ""}) : std::nullopt;
  };

  EXPECT_THAT(elected(), FailsWith(ErrorCode::cannot_write, "read-only"));
}

TEST_F(Elect, AShareThatCannotBeReadIsTemporary) {
  share_.before = [](std::string_view) { return std::optional(kBroken); };

  EXPECT_THAT(elected(), FailsWith(ErrorCode::temporary, "the share is away"));
}

TEST_F(Elect, ASlotThatFailedTooOftenIsGivenUp) {
  for (unsigned i = 1; i <= 3; ++i) {
    other_.abandon(other_.claim("slot-1", i), "disk full");
  }

  EXPECT_THAT(elected(), FailsWith(ErrorCode::failed, "disk full"));
  EXPECT_EQ(share_.tail({}).value_or(Position{}).value, 6U);
}

TEST_F(Elect, ASlotWhoseLeadersFallSilentTooOftenIsGivenUp) {
  for (unsigned i = 1; i <= 3; ++i) {
    other_.claim("slot-1", i);
  }

  EXPECT_THAT(elected(), FailsWith(ErrorCode::failed, "other-host"));
  EXPECT_EQ(share_.tail({}).value_or(Position{}).value, 3U);
}

TEST_F(Elect, ASilentLeaderOfAnotherSlotIsTakenOverForOurs) {
  other_.claim("slot-0", 3);

  const auto outcome = elected();

  const auto* const won = as<Leadership>(outcome);
  ASSERT_NE(won, nullptr);
  EXPECT_EQ(won->slot, "slot-1");
  EXPECT_EQ(won->attempt, 1U);
}

TEST_F(Elect, AStopAtTheBeginningIsTemporary) {
  std::stop_source stop;
  stop.request_stop();

  EXPECT_THAT(elected(stop.get_token()), FailsWith(ErrorCode::temporary, "stopped"));
  EXPECT_EQ(share_.tail({}).value_or(Position{999}).value, 0U);
}

TEST_F(Elect, AStopWhileWatchingIsTemporary) {
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

TEST_F(Elect, AClaimAfterATakeoverSaysWhenItWasMade) {
  other_.claim("slot-1");
  const WallTime start = clock_.wall();

  ASSERT_NE(as<Leadership>(elected()), nullptr);

  EXPECT_GE(entry_at(share_, Position{2}).time, utc(start + 60s));
}

// A fleet.

TEST(ElectFleet, OfAHundredHostsExactlyOneLeadsEachSlot) {
  constexpr int kHosts = 100;
  const auto state = std::make_shared<MemoryShareState>();
  for (int round = 1; round <= 5; ++round) {
    std::atomic<int> leaders{0};
    std::atomic<int> others{0};
    std::atomic<std::uint64_t> beats{0};
    std::mutex mutex;
    std::optional<Leadership> leadership;
    {
      std::latch start(kHosts);
      std::vector<std::jthread> hosts;
      for (int i = 0; i < kHosts; ++i) {
        hosts.emplace_back([&] {
          FakeClock clock;
          MemoryShare share(state);
          MemoryShare leaders_hand(state);
          // Whoever holds the last claim is alive.
          share.before = [&](std::string_view operation) -> std::optional<Error> {
            if (operation == "read_cell") {
              const LogEntry last = entry_at(leaders_hand, leaders_hand.tail({}).value());
              HeartbeatInfo info;
              info.counter = ++beats;
              EXPECT_THAT(
                  leaders_hand.write_cell(CellKind::heartbeat, claim_cell(last.position, last.owner), encode(info)),
                  IsOk());
            }
            return std::nullopt;
          };
          LogReader reader(share);
          ElectionSettings settings;
          settings.slot = "round-" + std::to_string(round);
          settings.deputies = 0;  // nobody here ends its work
          start.arrive_and_wait();
          const auto outcome = elect(share, reader, clock, settings, {});
          EXPECT_THAT(outcome, IsOk());
          if (const auto* const won = outcome ? std::get_if<Leadership>(&*outcome) : nullptr) {
            ++leaders;
            const std::lock_guard lock(mutex);
            leadership = *won;
          } else {
            ++others;
          }
        });
      }
    }
    ASSERT_EQ(leaders, 1) << "round " << round;
    EXPECT_EQ(others, kHosts - 1);
    OtherHost(state).commit(*leadership);
  }
  MemoryShare share(state);
  EXPECT_EQ(share.tail({}).value_or(Position{}).value, 10U);
}

}  // namespace swarmout::test
