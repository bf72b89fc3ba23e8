// What stands on a share and was written by nobody with a key of the fleet. Whoever writes the share can put anything
// there: it elects nobody, publishes nothing, takes nothing back and stops nobody in silence.

#include "common/fleet/strays.hpp"

#include "common/fleet/log_reader.hpp"
#include "tests/common/fleet/log_builder.hpp"

#include <gmock/gmock.h>

#include <limits>

namespace swarmout::test {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class StraysTest : public LogTest {
protected:
  void publish() { log_.commit(log_.claim()); }
  /// On the share, but not in what a log builder takes for the log.
  void put(std::uint64_t position, const std::string& bytes) { log_.state()->log[Position{position}] = bytes; }
  void append_forged(EntryKind kind, Position release = {}) {
    LogEntry entry = log_.next(kind);
    entry.slot = "tonight";
    entry.release = release;
    entry.revision = "forged";
    log_.append(encode_with(entry, strangers_key()));
  }
  /// As it was right when `key` was trusted together with every other.
  void append_of(const SigningKey& key, EntryKind kind, const std::string& owner) {
    LogEntry entry = log_.next(kind);
    entry.previous = log_.tail() == 0 ? Digest{} : sha256(log_.bytes(log_.tail()));
    entry.owner = owner;
    if (kind == EntryKind::commit) {
      entry.release = entry.position;
      entry.revision = "r";
      entry.descriptor = "descriptor";
    }
    log_.append(encode_with(entry, key));
  }
  /// One release of a key that is not trusted any more, and one of the key that took its place.
  void change_keys() {
    const std::string owner = log_.next(EntryKind::claim).owner;
    for (const SigningKey* const key : {&strangers_key(), &fleet_key()}) {
      append_of(*key, EntryKind::claim, owner);
      append_of(*key, EntryKind::commit, owner);
    }
  }
  std::vector<std::uint64_t> strays() {
    std::vector<std::uint64_t> positions;
    for (const Stray& each : view().strays()) {
      positions.push_back(each.position.value);
    }
    return positions;
  }
};

}  // namespace

TEST_F(StraysTest, AForgedClaimIsNobodysAndTheLogGoesOnBehindIt) {
  publish();
  append_forged(EntryKind::claim);

  EXPECT_EQ(view().open_claim(), nullptr);
  EXPECT_EQ(view().tail().value, 3U);
  EXPECT_EQ(view().claims_of("tonight"), 0U);
  EXPECT_THAT(strays(), ElementsAre(3));

  publish();
  EXPECT_EQ(view().current_release()->position.value, 5U);
  EXPECT_THAT(strays(), ElementsAre()) << "it was, and is over";
}

TEST_F(StraysTest, AForgedCommitEndsNoSlot) {
  publish();
  append_forged(EntryKind::claim);
  append_forged(EntryKind::commit, Position{2});

  EXPECT_EQ(view().commit_of("tonight"), nullptr);
  EXPECT_EQ(view().last_commit()->position.value, 2U);
  EXPECT_THAT(strays(), ElementsAre(3, 4));
}

TEST_F(StraysTest, AForgedPairTakesNoReleaseBack) {
  publish();
  publish();
  append_forged(EntryKind::claim);
  append_forged(EntryKind::commit, Position{2});

  EXPECT_EQ(view().current_release()->position.value, 4U);
  EXPECT_EQ(view().releases(10).size(), 2U);
}

TEST_F(StraysTest, ARealEntryAgainIsNoEntry) {
  publish();
  log_.append(log_.bytes(1));
  log_.append(log_.bytes(2));

  EXPECT_EQ(view().open_claim(), nullptr);
  EXPECT_EQ(view().current_release()->position.value, 2U);
  ASSERT_THAT(strays(), ElementsAre(3, 4));
  EXPECT_EQ(view().strays()[0].why, Validity::misplaced);
}

TEST_F(StraysTest, ARealEntryOfAnotherLogOfTheSameKeyIsNoEntry) {
  LogEntry entry = log_.next(EntryKind::claim);
  entry.log = "another";
  log_.append(encode(entry));

  EXPECT_EQ(view().open_claim(), nullptr);
  ASSERT_THAT(strays(), ElementsAre(1));
  EXPECT_EQ(view().strays()[0].why, Validity::misplaced);
}

// Poisoned numbers.

TEST_F(StraysTest, AnEmptyFileFarAboveTheEndIsNotFollowed) {
  publish();
  put(99'999'999, "");

  EXPECT_EQ(view().tail().value, 2U);
  EXPECT_THAT(strays(), ElementsAre(99'999'999));
  EXPECT_TRUE(view().is_above(Position{99'999'999}));
}

TEST_F(StraysTest, NumbersThatNoEntryCanHaveAreNotEvenListed) {
  publish();
  for (const std::uint64_t huge : {std::numeric_limits<std::uint64_t>::max(), std::uint64_t{1} << 63,
                                   (std::uint64_t{1} << 63) - 1, kLastPosition.value + 1}) {
    put(huge, "");
  }

  EXPECT_EQ(view().tail().value, 2U);
  EXPECT_THAT(strays(), ElementsAre());
}

TEST_F(StraysTest, TheHighestNumberOfAllStopsNobody) {
  publish();
  put(kLastPosition.value, log_.bytes(2));

  EXPECT_EQ(view().tail().value, 2U);
  publish();
  EXPECT_EQ(view().current_release()->position.value, 4U);
}

TEST_F(StraysTest, OneThatComesWhileAServiceRunsIsNotFollowedEither) {
  publish();
  view();
  put(99'999'999, "garbage");
  EXPECT_EQ(view().tail().value, 2U);
  EXPECT_THAT(strays(), ElementsAre(99'999'999));

  publish();

  EXPECT_EQ(view().current_release()->position.value, 4U);
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(view().tail().value, 4U);
  }
}

TEST_F(StraysTest, OneThatIsRemovedIsForgotten) {
  publish();
  put(99'999'999, "garbage");
  ASSERT_THAT(strays(), ElementsAre(99'999'999));
  log_.state()->log.erase(Position{99'999'999});

  bool gone = false;
  for (int i = 0; i < 20 && !gone; ++i) {
    gone = strays().empty();
  }

  EXPECT_TRUE(gone);
}

TEST_F(StraysTest, OnAnEmptyLogTheFirstNumberIsFree) {
  put(7, "garbage");

  EXPECT_EQ(view().tail().value, 0U);
  EXPECT_THAT(strays(), ElementsAre(7));
  publish();
  EXPECT_EQ(view().current_release()->position.value, 2U);
}

TEST_F(StraysTest, ANumberInTheWayIsPartOfTheLogOnceItIsReached) {
  publish();
  put(4, "garbage");
  ASSERT_THAT(strays(), ElementsAre(4));

  log_.claim();  // 3

  EXPECT_EQ(view().tail().value, 4U);
  EXPECT_EQ(view().open_claim(), nullptr);
  EXPECT_EQ(view().claims_of(""), 0U) << "its host was hindered, and has not failed";
}

TEST_F(StraysTest, AMissingNumberBelowASignedOneIsStillAnError) {
  publish();
  publish();
  put(99'999'999, "garbage");
  log_.state()->log.erase(Position{3});

  EXPECT_THAT(reader_.refresh(), FailsWith(ErrorCode::temporary, "entry 3"));
}

TEST_F(StraysTest, AsItIsForAReaderThatWasThere) {
  publish();
  view();
  publish();
  log_.state()->log.erase(Position{3});

  EXPECT_THAT(reader_.refresh(), FailsWith(ErrorCode::temporary, "entry 3"));
}

TEST_F(StraysTest, WhatIsInTheWayMayChangeLaterAndTakesNothingWithIt) {
  publish();
  log_.append("garbage");
  publish();
  put(3, "other garbage");
  LogReader fresh(share_, fleet_trust());

  EXPECT_EQ((*fresh.refresh())->current_release()->position.value, 5U);
  EXPECT_EQ(view().current_release()->position.value, 5U);
}

// Too many of them.

TEST_F(StraysTest, AHundredInARowAreFollowed) {
  publish();
  for (std::size_t i = 0; i < kMaxStrays - 1; ++i) {
    log_.append("garbage");
  }

  EXPECT_EQ(view().tail().value, kMaxStrays + 1);
  publish();
  EXPECT_EQ(view().current_release()->position.value, kMaxStrays + 3);
}

TEST_F(StraysTest, MoreAreRefusedByThoseThatComeAndByThoseThatWereThere) {
  publish();
  LogReader there(share_, fleet_trust());
  ASSERT_OK(there.refresh());
  for (std::size_t i = 0; i <= kMaxStrays; ++i) {
    log_.append("garbage");
  }

  EXPECT_THAT(reader_.refresh(), FailsWith(ErrorCode::refused, "not signed"));
  EXPECT_THAT(there.refresh(), FailsWith(ErrorCode::refused, "not signed"));
}

TEST_F(StraysTest, AMillionAreNotRead) {
  publish();
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    put(1000 + i, "garbage");
  }
  std::size_t reads = 0;
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    reads += operation == "read" ? 1 : 0;
    return std::nullopt;
  };

  EXPECT_THAT(reader_.refresh(), FailsWith(ErrorCode::refused, "not signed"));
  EXPECT_LE(reads, kMaxStrays + 1);
}

// What is said.

TEST_F(StraysTest, NothingIsSaidOfALogThatEndsWellOrIsEmpty) {
  EXPECT_FALSE(about_strays(view(), "share"));
  publish();
  EXPECT_FALSE(about_strays(view(), "share"));
}

TEST_F(StraysTest, WhatIsSaidNamesTheEntriesAndNothingThatTheirWriterWantsSaid) {
  publish();
  append_forged(EntryKind::claim);
  put(99'999'999, "buy this\x1b[31m");

  const auto said = about_strays(view(), "/srv/share");

  ASSERT_TRUE(said);
  EXPECT_EQ(said->code, ErrorCode::refused);
  EXPECT_THAT(said->message, HasSubstr("2 entries at the end of /srv/share"));
  EXPECT_THAT(said->message, HasSubstr("3 (not signed)"));
  EXPECT_THAT(said->message, HasSubstr("99999999 (damaged, above the end of the log)"));
  EXPECT_THAT(to_string(*said), testing::Not(HasSubstr("buy this")));
  EXPECT_FALSE(said->hint.empty());
}

TEST_F(StraysTest, OfManyThreeAreNamed) {
  publish();
  for (int i = 0; i < 20; ++i) {
    log_.append("garbage");
  }

  EXPECT_THAT(about_strays(view(), "share")->message, HasSubstr("and 17 more"));
}

// Keys that were taken away, or came.

TEST_F(StraysTest, TheFirstReleaseOfANewKeyCountsWhenTheOldKeyIsGone) {
  change_keys();

  ASSERT_NE(view().current_release(), nullptr);
  EXPECT_EQ(view().current_release()->position.value, 4U);
  EXPECT_THAT(strays(), ElementsAre());
  publish();
  EXPECT_EQ(view().current_release()->position.value, 6U);
}

TEST_F(StraysTest, ButNotBehindAnythingElseInTheOldOnesPlace) {
  change_keys();
  LogEntry other = log_.next(EntryKind::abandon);
  other.position = Position{2};
  put(2, encode_with(other, strangers_key()));

  EXPECT_EQ(view().current_release(), nullptr);
}

TEST_F(StraysTest, AReaderFollowsTheKeysOfToday) {
  change_keys();
  TrustedKeys keys(strangers_key().verify_key());
  LogReader reader(share_, keys);
  ASSERT_OK_AND_ASSIGN(const LogView* old, reader.refresh());
  EXPECT_EQ(old->current_release()->position.value, 2U);

  keys = fleet_trust();
  ASSERT_OK_AND_ASSIGN(const LogView* now, reader.refresh());

  EXPECT_EQ(now->current_release()->position.value, 4U);
}

}  // namespace swarmout::test
