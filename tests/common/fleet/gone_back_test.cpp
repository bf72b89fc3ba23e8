// A log in which somebody went back, held, and resumed: what is current, and who holds.

#include "common/fleet/leader.hpp"
#include "common/fleet/log_reader.hpp"
#include "tests/common/fleet/log_builder.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

class GoneBack : public LogTest {
protected:
  /// Releases 2, 4, …
  void publish(int releases) {
    for (int i = 0; i < releases; ++i) {
      log_.commit(log_.claim());
    }
  }
  std::uint64_t current() {
    const LogEntry* const release = view().current_release();
    return release == nullptr ? 0 : release->position.value;
  }
};

}  // namespace

TEST_F(GoneBack, TheReleaseThatTheLastCommitNamesIsCurrent) {
  publish(3);
  ASSERT_EQ(current(), 6U);

  log_.commit_by_hand(Position{2}, "6 is broken");

  EXPECT_EQ(current(), 2U);
  ASSERT_TRUE(view().hold());
  EXPECT_EQ(view().hold()->reason, "6 is broken");
  EXPECT_EQ(view().hold()->host, "test-host");
  EXPECT_EQ(view().hold()->time, "2026-11-23T12:00:00Z");
  EXPECT_EQ(view().hold()->position, Position{8});
}

TEST_F(GoneBack, WhileHeldNobodyWorksUnderAnOpenClaim) {
  publish(2);
  log_.commit_by_hand(Position{2}, "4 is broken");

  log_.claim();  // of a `rollback` that was killed

  ASSERT_NE(leading_claim(view()), nullptr);
  EXPECT_EQ(leading_claim(view())->position, Position{1}) << "who has published what is current may serve it yet";
}

TEST_F(GoneBack, AfterResumingItIsCurrentUntilSomethingIsPublished) {
  publish(2);
  log_.commit_by_hand(Position{2}, "4 is broken");
  log_.commit_by_hand(Position{2}, "");
  EXPECT_EQ(current(), 2U);
  EXPECT_FALSE(view().hold());

  log_.commit_unchanged(log_.claim("s"), Position{2}, "s");
  EXPECT_EQ(current(), 2U);
  publish(1);

  EXPECT_EQ(current(), view().tail().value);
}

TEST_F(GoneBack, ANewReaderFindsTheReleaseHoweverFarBackItIs) {
  publish(600);
  log_.commit_by_hand(Position{2}, "back to the first");
  LogReader fresh(share_, fleet_trust());

  ASSERT_OK_AND_ASSIGN(const LogView* const view, fresh.refresh());

  ASSERT_NE(view->current_release(), nullptr);
  EXPECT_EQ(view->current_release()->position, Position{2});
}

TEST_F(GoneBack, AReaderThatHasForgottenTheReleaseReadsItAgain) {
  publish(1);
  ASSERT_EQ(current(), 2U);
  publish(600);
  ASSERT_EQ(current(), 1202U);
  ASSERT_EQ(view().at(Position{2}), nullptr);

  log_.commit_by_hand(Position{2}, "back to the first");

  EXPECT_EQ(current(), 2U);
}

TEST_F(GoneBack, ReleasesStayNewestFirst) {
  publish(3);
  log_.commit_by_hand(Position{4}, "6 is broken");

  const auto releases = reader_.refresh_with_history(10).value()->releases(10);

  ASSERT_EQ(releases.size(), 3U);
  EXPECT_EQ(releases[0]->position, Position{6});
}

TEST_F(GoneBack, WhileHeldNothingElseThanWhatWasNamedIsCurrent) {
  publish(3);
  log_.commit_by_hand(Position{4}, "6 is broken");
  log_.replace(4, "torn");
  LogReader fresh(share_, fleet_trust());

  ASSERT_OK_AND_ASSIGN(const LogView* const view, fresh.refresh());

  EXPECT_EQ(view->current_release(), nullptr) << "neither the one before nor the one after";
  EXPECT_TRUE(view->hold());
}

TEST_F(GoneBack, ACommitThatNamesNoReleaseIsNoWayForward) {
  publish(2);
  log_.commit_by_hand(Position{3}, "3 is a CLAIM");

  EXPECT_EQ(current(), 0U);
}

TEST_F(GoneBack, ARollbackThatIsCopiedToAnotherNumberIsVoid) {
  publish(2);
  log_.commit_by_hand(Position{2}, "4 is broken");
  log_.commit_by_hand(Position{4}, "4 was well after all");
  const std::string rollback = log_.bytes(6);
  log_.claim();
  log_.append(rollback);

  EXPECT_EQ(current(), 4U);
  EXPECT_EQ(view().hold()->position, Position{8});
}

TEST_F(GoneBack, ARollbackWithoutItsClaimIsVoid) {
  publish(2);
  const std::string owner = log_.claim();
  LogEntry entry = log_.next(EntryKind::commit);
  entry.release = Position{2};
  entry.revision = "r2";
  entry.hold = "not by the owner of the claim";
  log_.append(encode(entry));

  EXPECT_EQ(current(), 4U);
  EXPECT_FALSE(view().hold());
}

TEST_F(GoneBack, TheHeldReleaseIsThatOfEverySlot) {
  log_.commit(log_.claim("s1"), "s1");
  log_.commit(log_.claim("s2"), "s2");
  ASSERT_NE(slot_release(view(), "s1"), nullptr);
  EXPECT_EQ(slot_release(view(), "s1")->position, Position{2});
  EXPECT_EQ(slot_release(view(), "s3"), nullptr);

  log_.commit_by_hand(Position{2}, "4 is broken");
  for (const char* const slot : {"s1", "s2", "s3"}) {
    ASSERT_NE(slot_release(view(), slot), nullptr) << slot;
    EXPECT_EQ(slot_release(view(), slot)->position, Position{2}) << slot;
  }
  log_.commit_by_hand(Position{2}, "");

  EXPECT_EQ(slot_release(view(), "s3"), nullptr);
}

TEST_F(GoneBack, ASlotThatFoundNothingNewHasTheReleaseThatItNamed) {
  log_.commit(log_.claim("s1"), "s1");
  log_.commit_unchanged(log_.claim("s2"), Position{2}, "s2");

  ASSERT_NE(slot_release(view(), "s2"), nullptr);
  EXPECT_EQ(slot_release(view(), "s2")->position, Position{2});
}

TEST_F(GoneBack, ACommitByHandIsReadAsItWasWritten) {
  publish(1);
  LogEntry unchanged = log_.next(EntryKind::commit);
  unchanged.release = Position{2};
  unchanged.revision = "r2";
  for (const std::string& hold : {std::string(), std::string("100% broken: ask ops"), std::string(kMaxHold, 'x')}) {
    LogEntry entry = unchanged;
    entry.hold = hold;
    ASSERT_OK_AND_ASSIGN(const LogEntry read, decode_entry(encode(entry)));
    EXPECT_EQ(read.hold, hold);
  }
  EXPECT_EQ(decode_entry(encode(unchanged)).value().hold, std::nullopt);
}

}  // namespace swarmout::test
