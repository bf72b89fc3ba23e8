// Going back, holding, resuming, on a share in memory; what others do at the same moment.

#include "seeder/steer/steer.hpp"

#include "seeder/steer/history.hpp"
#include "tests/seeder/election/election_fixture.hpp"

#include <fmt/format.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using Order = SteerOrder::Kind;

class Steer : public ElectionTest {
protected:
  Result<Steered> steered(Order kind, Position release = {}) {
    SteerOrder order;
    order.kind = kind;
    order.release = release;
    order.reason = kind == Order::resume ? "" : "it is broken";
    order.patience = 2s;
    return steer({share_, clock_, fleet_keys()}, reader_, order, {});
  }
  void hold_by_another() {
    LogReader log(other_.share(), fleet_trust());
    SteerOrder order;
    order.reason = "by another";
    EXPECT_THAT(steer(other_.pen(), log, order, {}), IsOk());
  }
  std::uint64_t current() { return view().current_release()->position.value; }
};

}  // namespace

TEST_F(Steer, GoingBackNamesTheOldReleaseAndHolds) {
  const Position one = other_.commit(other_.claim("s1"), "r1");
  other_.commit(other_.claim("s2"), "r2");

  ASSERT_OK_AND_ASSIGN(const Steered done, steered(Order::rollback, one));

  EXPECT_EQ(done.position, Position{6});
  EXPECT_EQ(done.release, one);
  EXPECT_EQ(done.revision, "r1");
  EXPECT_FALSE(done.fenced);
  EXPECT_THAT(done.text, testing::HasSubstr("back from release 4 on release 2 (r1)"));
  EXPECT_EQ(current(), 2U);
  EXPECT_EQ(view().hold()->reason, "it is broken");
}

TEST_F(Steer, AHoldNamesWhatIsCurrentAndResumeDoesTheSame) {
  other_.commit(other_.claim("s1"));

  ASSERT_OK(steered(Order::hold));
  EXPECT_EQ(current(), 2U);
  ASSERT_TRUE(view().hold());
  ASSERT_OK(steered(Order::resume));

  EXPECT_EQ(current(), 2U);
  EXPECT_FALSE(view().hold());
}

TEST_F(Steer, ThereIsNothingToResumeWhereNothingIsHeld) {
  other_.commit(other_.claim("s1"));

  ASSERT_OK_AND_ASSIGN(const Steered done, steered(Order::resume));

  EXPECT_EQ(done.position, Position{});
  EXPECT_THAT(done.text, testing::HasSubstr("nothing is held"));
  EXPECT_EQ(view().tail(), Position{2});
}

TEST_F(Steer, BeforeTheFirstReleaseThereIsNothingToHold) {
  EXPECT_THAT(steered(Order::hold), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(steered(Order::resume), FailsWith(ErrorCode::not_found));
}

TEST_F(Steer, OnlyAReleaseCanBeGoneBackTo) {
  other_.commit(other_.claim("s1"));
  other_.commit_unchanged(other_.claim("s2"), Position{2});

  for (const std::uint64_t none : {1U, 3U, 4U, 5U, 100U}) {
    EXPECT_THAT(steered(Order::rollback, Position{none}), FailsWith(ErrorCode::not_found)) << none;
  }
  EXPECT_EQ(view().tail(), Position{4});
}

TEST_F(Steer, AReleaseFarBackIsFound) {
  for (int i = 0; i < 300; ++i) {
    other_.commit(other_.claim(), "r" + std::to_string(i));
  }

  ASSERT_OK(steered(Order::rollback, Position{2}));

  EXPECT_EQ(current(), 2U);
}

TEST_F(Steer, WhoIsAtWorkIsFenced) {
  const Position one = other_.commit(other_.claim("s1"));
  const Leadership worker = other_.claim("s2");

  ASSERT_OK_AND_ASSIGN(const Steered done, steered(Order::rollback, one));

  ASSERT_TRUE(done.fenced);
  EXPECT_EQ(done.fenced->position, worker.claim);
  const auto late = publish(other_.pen(), worker, OtherHost::made_up(worker.claim.next(), "r2"), {});
  ASSERT_OK(late);
  EXPECT_TRUE(std::holds_alternative<Fenced>(*late));
  EXPECT_EQ(current(), 2U);
  EXPECT_TRUE(view().hold());
}

TEST_F(Steer, AClaimOfWhoSteeredAndWasKilledIsNobodysWork) {
  const Position one = other_.commit(other_.claim("s1"));
  ASSERT_OK(steered(Order::hold));
  other_.claim();

  ASSERT_OK_AND_ASSIGN(const Steered done, steered(Order::rollback, one));

  EXPECT_FALSE(done.fenced);
}

TEST_F(Steer, WhoPublishesAtTheSameMomentIsGoneBackFromToo) {
  const Position one = other_.commit(other_.claim("s1"));
  const Leadership worker = other_.claim("s2");
  int puts = 0;
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    if (operation == "put" && ++puts == 1) {
      other_.commit(worker, "r2");
    }
    return std::nullopt;
  };

  ASSERT_OK_AND_ASSIGN(const Steered done, steered(Order::rollback, one));

  EXPECT_EQ(done.position, Position{6});
  EXPECT_FALSE(done.fenced);
  EXPECT_EQ(current(), 2U);
}

TEST_F(Steer, SomebodyWhoClaimsBetweenClaimAndCommitDoesNotKeepIt) {
  const Position one = other_.commit(other_.claim("s1"));
  int puts = 0;
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    if (operation == "put" && ++puts == 2) {
      other_.claim("s2");
    }
    return std::nullopt;
  };

  ASSERT_OK(steered(Order::rollback, one));

  EXPECT_EQ(view().tail(), Position{6});
  EXPECT_TRUE(view().hold());
}

TEST_F(Steer, AReplyThatIsLostIsAskedForAgain) {
  other_.commit(other_.claim("s1"));
  int puts = 0;
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    return operation == "put" && ++puts == 1 ? std::optional(Error{ErrorCode::temporary, "no answer", ""})
                                             : std::nullopt;
  };

  ASSERT_OK_AND_ASSIGN(const Steered done, steered(Order::hold));

  EXPECT_TRUE(view().hold());
  EXPECT_FALSE(done.fenced) << "if the CLAIM is there, it is our own";
}

TEST_F(Steer, AShareThatDoesNotAnswerIsTemporary) {
  other_.commit(other_.claim("s1"));
  share_.before = [](std::string_view operation) -> std::optional<Error> {
    return operation == "put" ? std::optional(Error{ErrorCode::temporary, "no answer", ""}) : std::nullopt;
  };

  EXPECT_THAT(steered(Order::hold), FailsWith(ErrorCode::temporary));
}

// What runs do about it.

TEST_F(Steer, WhileHeldARunLeavesAndSaysWhoHolds) {
  other_.commit(other_.claim("slot-0"), "r1");
  ASSERT_OK(steered(Order::hold));

  const Decision decision = decided();

  EXPECT_EQ(decision.kind, Decision::Kind::held);
  EXPECT_THAT(decision.message, testing::HasSubstr("held on release 2 (r1) by "));
  EXPECT_THAT(decision.message, testing::HasSubstr("it is broken"));
  EXPECT_NE(as<FleetHeld>(elected()), nullptr);
  EXPECT_EQ(view().tail(), Position{4}) << "no CLAIM";
}

TEST_F(Steer, WhileHeldARunWithoutASlotLeavesToo) {
  other_.commit(other_.claim(), "r1");
  ASSERT_OK(steered(Order::hold));
  settings_.slot.clear();

  EXPECT_EQ(decided().kind, Decision::Kind::held);
}

TEST_F(Steer, ASlotThatWasPublishedBeforeTheHoldIsPublished) {
  other_.commit(other_.claim("slot-1"), "r1");
  ASSERT_OK(steered(Order::hold));

  EXPECT_EQ(decided().kind, Decision::Kind::published);
}

TEST_F(Steer, ADeputyLeavesWhenTheHoldComes) {
  other_.commit(other_.claim("slot-0"), "r1");
  const Leadership worker = other_.claim("slot-1");
  settings_.wait = true;
  before_look([&](int look) -> std::optional<Error> {
    other_.beat(worker);
    if (look == 3) {
      hold_by_another();
    }
    return std::nullopt;
  });

  EXPECT_NE(as<FleetHeld>(elected()), nullptr);
}

TEST_F(Steer, AfterResumingTheNextRunNeedNotWaitForTheHoldOff) {
  settings_.slot.clear();
  settings_.hold_off = 10min;
  other_.commit(other_.claim(), "r1");
  ASSERT_EQ(decided().kind, Decision::Kind::published) << "it holds off";
  ASSERT_OK(steered(Order::hold));
  ASSERT_OK(steered(Order::resume));

  EXPECT_EQ(decided().kind, Decision::Kind::claim);
}

// What it looks like afterwards.

TEST_F(Steer, TheHistoryTellsAllOfIt) {
  other_.commit(other_.claim("s1"), "r1");
  other_.commit_unchanged(other_.claim("s2"), Position{2});
  other_.commit(other_.claim("s3"), "r3");
  other_.abandon(other_.claim("s4"), "no such branch");
  const Leadership passed = other_.claim("s5");
  ASSERT_OK(steered(Order::rollback, Position{2}));
  ASSERT_OK(steered(Order::hold));
  ASSERT_OK(steered(Order::resume));
  other_.claim("s6");

  const auto events = history_of(**reader_.refresh_with_slots(), 100);

  std::vector<std::string> told;
  for (const HistoryEvent& each : events) {
    told.push_back(
        fmt::format("{} {}{}", name_of(each.kind), each.release.value, each.why.empty() ? "" : ": " + each.why));
  }
  EXPECT_THAT(told, testing::ElementsAre("resumed 2", "held 2: it is broken", "rolled back 2: it is broken", "passed 0",
                                         "abandoned 0: no such branch", "published 6", "unchanged 2", "published 2"));
  EXPECT_EQ(events[3].position, passed.claim);
  EXPECT_EQ(events[3].slot, "s5");
  EXPECT_EQ(history_of(view(), 3).size(), 3U);
}

}  // namespace swarmout::test
