#include "common/fleet/log_view.hpp"

#include "common/fleet/log_reader.hpp"
#include "tests/common/fleet/log_builder.hpp"
#include "tests/support/memory_share.hpp"
#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

class LogViewTest : public LogTest {
protected:
  /// Position, kind and reason of an entry as the view has it.
  std::string shown(std::uint64_t position) {
    const LogEntry* const entry = view().at(Position{position});
    if (entry == nullptr) {
      return "not there";
    }
    switch (entry->kind) {
      case EntryKind::claim:
        return "CLAIM";
      case EntryKind::commit:
        return "COMMIT";
      case EntryKind::abandon:
        return "ABANDON " + entry->reason;
    }
    return "?";
  }
};

}  // namespace

TEST_F(LogViewTest, AnEmptyLogHasNothing) {
  EXPECT_EQ(view().tail().value, 0U);
  EXPECT_EQ(view().tail_digest(), Digest{});
  EXPECT_EQ(view().open_claim(), nullptr);
  EXPECT_EQ(view().current_release(), nullptr);
  EXPECT_EQ(view().last_commit(), nullptr);
  EXPECT_EQ(view().commit_of("slot"), nullptr);
  EXPECT_EQ(view().claims_of("slot"), 0U);
  EXPECT_THAT(view().releases(10), testing::IsEmpty());
  EXPECT_EQ(view().at(Position{1}), nullptr);
}

TEST_F(LogViewTest, AClaimIsOpenUntilItIsCommitted) {
  const std::string owner = log_.claim("s1");
  ASSERT_NE(view().open_claim(), nullptr);
  EXPECT_EQ(view().open_claim()->owner, owner);

  log_.commit(owner, "s1");

  EXPECT_EQ(view().open_claim(), nullptr);
  ASSERT_NE(view().commit_of("s1"), nullptr);
  EXPECT_EQ(view().commit_of("s1")->position.value, 2U);
}

TEST_F(LogViewTest, AClaimIsOpenUntilItIsAbandoned) {
  log_.abandon(log_.claim(), "the export failed");

  EXPECT_EQ(view().open_claim(), nullptr);
  EXPECT_EQ(view().current_release(), nullptr);
  EXPECT_THAT(view().last_failure(), testing::HasSubstr("the export failed"));
}

TEST_F(LogViewTest, ATakeoverIsTheOpenClaim) {
  log_.claim("s1");
  const std::string second = log_.claim("s1");

  EXPECT_EQ(view().open_claim()->owner, second);
  EXPECT_EQ(view().claims_of("s1"), 2U);
}

TEST_F(LogViewTest, ItsTailDigestIsThatOfTheLastEntry) {
  log_.commit(log_.claim());

  EXPECT_EQ(view().tail().value, 2U);
  EXPECT_EQ(view().tail_digest(), sha256(log_.bytes(2)));
}

TEST_F(LogViewTest, NewEntriesAreSeenByTheNextRefresh) {
  log_.commit(log_.claim());
  ASSERT_EQ(view().current_release()->position.value, 2U);

  log_.commit(log_.claim());

  EXPECT_EQ(view().current_release()->position.value, 4U);
}

// releases(), claims_of()

TEST_F(LogViewTest, ReleasesAreNewestFirst) {
  for (int i = 0; i < 3; ++i) {
    log_.commit(log_.claim());
  }

  const auto releases = reader_.refresh_with_history(10).value()->releases(10);

  ASSERT_EQ(releases.size(), 3U);
  EXPECT_EQ(releases[0]->position.value, 6U);
  EXPECT_EQ(releases[2]->position.value, 2U);
}

TEST_F(LogViewTest, NoMoreReleasesAreGivenThanAskedFor) {
  for (int i = 0; i < 3; ++i) {
    log_.commit(log_.claim());
  }

  EXPECT_EQ(view().releases(2).size(), 2U);
  EXPECT_EQ(view().releases(2)[1]->position.value, 4U);
  EXPECT_THAT(view().releases(0), testing::IsEmpty());
}

TEST_F(LogViewTest, AnUnchangedCommitIsNoReleaseButEndsItsSlot) {
  log_.commit(log_.claim("s1"), "s1");
  log_.commit_unchanged(log_.claim("s2"), Position{2}, "s2");

  EXPECT_EQ(view().releases(10).size(), 1U);
  EXPECT_EQ(view().current_release()->position.value, 2U);
  EXPECT_EQ(view().last_commit()->position.value, 4U);
  EXPECT_EQ(view().commit_of("s2")->release.value, 2U);
}

TEST_F(LogViewTest, ClaimsAreCountedBySlotSinceTheLastCommit) {
  log_.claim("s1");
  log_.commit(log_.claim("s1"), "s1");
  log_.claim("s2");
  log_.claim("s1");
  log_.claim("s2");

  EXPECT_EQ(view().claims_of("s1"), 1U);
  EXPECT_EQ(view().claims_of("s2"), 2U);
  EXPECT_EQ(view().claims_of("s3"), 0U);
}

TEST_F(LogViewTest, TheLastFailureNamesTheHost) {
  log_.abandon(log_.claim(), "first");
  log_.abandon(log_.claim(), "second");

  EXPECT_EQ(view().last_failure(), "test-host: second");
}

// Void entries: their number is burned, and nothing else happens.

TEST_F(LogViewTest, ADamagedEntryIsVoid) {
  log_.claim();
  log_.append("garbage");

  EXPECT_THAT(shown(2), testing::StartsWith("ABANDON void"));
  EXPECT_EQ(view().tail().value, 2U);
  EXPECT_EQ(view().open_claim(), nullptr);
}

TEST_F(LogViewTest, AnEmptyEntryIsVoid) {
  log_.append("");

  EXPECT_THAT(shown(1), testing::StartsWith("ABANDON void"));
}

TEST_F(LogViewTest, TheLogGoesOnBehindADamagedEntry) {
  log_.append("garbage");
  log_.commit(log_.claim());

  EXPECT_EQ(view().current_release()->position.value, 3U);
}

TEST_F(LogViewTest, AnEntryUnderAnotherNumberIsVoid) {
  log_.claim();
  log_.append(log_.bytes(1));

  EXPECT_THAT(shown(2), testing::StartsWith("ABANDON void"));
}

TEST_F(LogViewTest, AnEntryThatDoesNotFollowTheOneBeforeIsVoid) {
  log_.commit(log_.claim());
  LogEntry entry = log_.next(EntryKind::claim);
  entry.previous = sha256("another log");
  log_.append(encode(entry));

  EXPECT_THAT(shown(3), testing::HasSubstr("chain is broken"));
  EXPECT_EQ(view().open_claim(), nullptr);
  EXPECT_EQ(view().current_release()->position.value, 2U);
}

TEST_F(LogViewTest, AFirstEntryWithAPredecessorIsVoid) {
  LogEntry entry = log_.next(EntryKind::claim);
  entry.previous = sha256("a log that was lost");
  log_.append(encode(entry));

  EXPECT_THAT(shown(1), testing::HasSubstr("chain is broken"));
}

TEST_F(LogViewTest, AnEntryThatWasChangedLaterBreaksTheChain) {
  log_.commit(log_.claim());
  log_.claim();
  LogEntry other = log_.next(EntryKind::claim);
  other.position = Position{1};
  other.previous = {};
  log_.replace(1, encode(other));

  EXPECT_THAT(shown(2), testing::HasSubstr("chain is broken"));
  EXPECT_EQ(view().current_release(), nullptr);
}

// A share that loses the end of an entry which readers have seen.

TEST_F(LogViewTest, AReaderFollowsALogThatGoesOnFromWhatIsLeft) {
  const std::string owner = log_.claim();
  log_.commit(owner);
  log_.claim();
  ASSERT_EQ(view().open_claim()->position.value, 3U);
  log_.replace(3, log_.bytes(3).substr(0, 10));
  log_.commit(log_.claim());

  EXPECT_EQ(view().current_release()->position.value, 5U);
  EXPECT_THAT(shown(3), testing::HasSubstr("damaged"));
  EXPECT_EQ(shown(4), "CLAIM");
}

TEST_F(LogViewTest, ALostCommitIsNoReleaseOnceTheLogGoesOn) {
  log_.commit(log_.claim());
  log_.commit(log_.claim());
  ASSERT_EQ(view().current_release()->position.value, 4U);
  log_.replace(4, "");
  log_.claim();

  EXPECT_EQ(view().current_release()->position.value, 2U);
  EXPECT_EQ(view().open_claim()->position.value, 5U);
}

TEST_F(LogViewTest, ABrokenChainIsReadAgainOnceOnly) {
  log_.commit(log_.claim());
  view();
  LogEntry entry = log_.next(EntryKind::claim);
  entry.previous = sha256("another log");
  log_.append(encode(entry));
  EXPECT_THAT(shown(3), testing::HasSubstr("chain is broken"));
  log_.replace(2, "lost");

  EXPECT_EQ(view().current_release()->position.value, 2U) << "not read again";

  log_.commit(log_.claim());
  EXPECT_EQ(view().current_release()->position.value, 5U);
}

TEST_F(LogViewTest, ACommitWithoutAClaimIsVoid) {
  log_.commit("somebody");

  EXPECT_THAT(shown(1), testing::HasSubstr("without its owner's CLAIM"));
  EXPECT_EQ(view().current_release(), nullptr);
}

TEST_F(LogViewTest, ACommitUnderAnothersClaimIsVoid) {
  log_.claim();
  log_.commit("somebody else");

  EXPECT_THAT(shown(2), testing::HasSubstr("without its owner's CLAIM"));
}

TEST_F(LogViewTest, ACommitBehindATakeoverIsVoid) {
  const std::string fenced = log_.claim("s1");
  log_.claim("s1");
  log_.commit(fenced, "s1");

  EXPECT_THAT(shown(3), testing::HasSubstr("without its owner's CLAIM"));
  EXPECT_EQ(view().commit_of("s1"), nullptr);
}

TEST_F(LogViewTest, ASecondCommitUnderOneClaimIsVoid) {
  const std::string owner = log_.claim();
  log_.commit(owner);
  log_.commit(owner);

  EXPECT_THAT(shown(3), testing::HasSubstr("without its owner's CLAIM"));
  EXPECT_EQ(view().releases(10).size(), 1U);
}

TEST_F(LogViewTest, ACommitUnderAVoidClaimIsVoid) {
  LogEntry claim = log_.next(EntryKind::claim);
  claim.previous = sha256("another log");
  claim.owner = "owner";
  log_.append(encode(claim));
  log_.commit("owner");

  EXPECT_THAT(shown(2), testing::HasSubstr("without its owner's CLAIM"));
}

TEST_F(LogViewTest, VoidEntriesAreJudgedTheSameWhereverTheReaderCameIn) {
  log_.commit("somebody");
  log_.commit(log_.claim());
  log_.append("garbage");
  log_.claim();
  log_.commit("somebody else");
  LogReader along(share_, fleet_trust());
  for (std::uint64_t tail = 1; tail <= log_.tail(); ++tail) {
    log_.show_up_to(tail);
    ASSERT_OK(along.refresh());
  }

  ASSERT_OK_AND_ASSIGN(const LogView* const at_once, reader_.refresh());
  ASSERT_OK_AND_ASSIGN(const LogView* const step_by_step, along.refresh());

  for (std::uint64_t i = 1; i <= log_.tail(); ++i) {
    EXPECT_EQ(at_once->at(Position{i})->reason, step_by_step->at(Position{i})->reason) << i;
    EXPECT_EQ(at_once->at(Position{i})->kind, step_by_step->at(Position{i})->kind) << i;
  }
}

TEST_F(LogViewTest, OfALogWithoutReleasesItReadsNoMoreThanTheEnd) {
  for (int i = 0; i < 300; ++i) {
    log_.commit_unchanged(log_.claim(std::to_string(i)), Position{0}, std::to_string(i));
  }
  const LogView& seen = view();
  EXPECT_NE(seen.commit_of("299"), nullptr);
  EXPECT_EQ(seen.current_release(), nullptr);
  EXPECT_EQ(seen.at(Position{100}), nullptr) << "that far back there is nothing to look for";
}

}  // namespace swarmout::test
