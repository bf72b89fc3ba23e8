// How much of a log a reader reads, and how often it asks.

#include "common/fleet/log_reader.hpp"

#include "common/fleet/log_view.hpp"
#include "tests/common/fleet/log_builder.hpp"
#include "tests/support/memory_share.hpp"
#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

const Error kBroken{ErrorCode::temporary, "the share is away", ""};

class LogReaderTest : public testing::Test {
protected:
  LogReaderTest() {
    share_.before = [this](std::string_view operation) -> std::optional<Error> {
      ++calls_[std::string(operation)];
      return broken_.contains(std::string(operation)) ? std::optional(kBroken) : std::nullopt;
    };
  }
  const LogView& view() {
    const auto refreshed = reader_.refresh();
    EXPECT_THAT(refreshed, IsOk());
    static const LogView kNothing;
    return refreshed ? **refreshed : kNothing;
  }
  /// CLAIM and ABANDON, `pairs` times.
  void add_failures(int pairs) {
    for (int i = 0; i < pairs; ++i) {
      log_.abandon(log_.claim(), "failed");
    }
  }
  void add_unchanged(Position release) { log_.commit_unchanged(log_.claim(), release); }
  void add_releases(int count) {
    for (int i = 0; i < count; ++i) {
      log_.commit(log_.claim());
    }
  }

  LogBuilder log_;
  MemoryShare share_{log_.state()};
  LogReader reader_{share_, fleet_trust()};
  std::map<std::string, int> calls_;
  std::set<std::string> broken_;
};

}  // namespace

TEST_F(LogReaderTest, LookingForNewsCostsOneCall) {
  add_releases(20);
  view();
  calls_.clear();

  view();

  EXPECT_THAT(calls_, testing::ElementsAre(testing::Pair("tail", 1)));
}

TEST_F(LogReaderTest, ANewEntryCostsOneMoreCall) {
  add_releases(20);
  view();
  log_.claim();
  calls_.clear();

  EXPECT_NE(view().open_claim(), nullptr);

  EXPECT_THAT(calls_, testing::ElementsAre(testing::Pair("read", 1), testing::Pair("tail", 1)));
}

TEST_F(LogReaderTest, AnEmptyLogCostsOneCall) {
  view();

  EXPECT_THAT(calls_, testing::ElementsAre(testing::Pair("tail", 1)));
}

TEST_F(LogReaderTest, AHundredRefreshesReadNoEntryTwice) {
  for (int i = 0; i < 50; ++i) {
    add_releases(1);
    view();
    view();
  }

  EXPECT_EQ(calls_["tail"], 100);
  EXPECT_EQ(calls_["read"], 100) << "as many as there are entries";
}

TEST_F(LogReaderTest, TheFirstLookReadsAHandfulOfEntriesOfALongLog) {
  add_releases(500);

  EXPECT_EQ(view().tail().value, 1000U);

  EXPECT_LE(calls_["read"], 6) << "a thousand hosts do it in the same second";
  EXPECT_EQ(view().at(Position{899}), nullptr);
}

TEST_F(LogReaderTest, TheCurrentReleaseIsReadDirectlyHoweverOldItIs) {
  add_releases(1);
  for (int i = 0; i < 500; ++i) {
    add_unchanged(Position{2});
  }

  ASSERT_NE(view().current_release(), nullptr);
  EXPECT_EQ(view().current_release()->position.value, 2U);
  EXPECT_LE(calls_["read"], 8);
}

TEST_F(LogReaderTest, AnUnchangedCommitThatNamesNoReleaseIsNotBelieved) {
  add_releases(1);
  add_unchanged(Position{1});

  ASSERT_NE(view().current_release(), nullptr);
  EXPECT_EQ(view().current_release()->position.value, 2U);
}

TEST_F(LogReaderTest, WithSlotsItFindsACommitOfLongAgo) {
  add_releases(400);
  ASSERT_EQ(view().at(Position{2}), nullptr);

  ASSERT_OK_AND_ASSIGN(const LogView* const far, reader_.refresh_with_slots());

  EXPECT_NE(far->at(Position{2}), nullptr);
}

TEST_F(LogReaderTest, TheFirstLookGoesBackUntilThereIsARelease) {
  add_releases(1);
  add_failures(400);

  ASSERT_NE(view().current_release(), nullptr);
  EXPECT_EQ(view().current_release()->position.value, 2U);
}

TEST_F(LogReaderTest, TheFirstLookEndsAtTheBeginningIfThereIsNoRelease) {
  add_failures(150);

  EXPECT_EQ(view().current_release(), nullptr);
  EXPECT_EQ(calls_["read"], 300);
}

TEST_F(LogReaderTest, TheOldestEntriesOfALookAreJudgedToo) {
  add_failures(49);
  log_.commit("somebody");  // entry 99
  add_failures(75);         // so that the first look begins at 149, and goes on

  EXPECT_EQ(view().current_release(), nullptr) << "a COMMIT without its CLAIM";
}

TEST_F(LogReaderTest, WithHistoryItGoesBackUntilThereAreEnoughReleases) {
  add_releases(300);
  ASSERT_LT(view().releases(300).size(), 100U);

  ASSERT_OK_AND_ASSIGN(const LogView* const far, reader_.refresh_with_history(250));

  EXPECT_GE(far->releases(300).size(), 250U);
}

TEST_F(LogReaderTest, WithHistoryItEndsAtTheBeginning) {
  add_releases(10);

  ASSERT_OK_AND_ASSIGN(const LogView* const far, reader_.refresh_with_history(1000));

  EXPECT_EQ(far->releases(1000).size(), 10U);
}

TEST_F(LogReaderTest, WithHistoryAnEmptyLogIsEmpty) {
  ASSERT_OK_AND_ASSIGN(const LogView* const far, reader_.refresh_with_history(10));

  EXPECT_THAT(far->releases(10), testing::IsEmpty());
}

TEST_F(LogReaderTest, WithHistoryItReadsNoMoreThanAFewThousandEntries) {
  add_releases(1);
  add_failures(4000);

  ASSERT_OK(reader_.refresh_with_history(10));

  EXPECT_LE(calls_["read"], 8002) << "the newest release must be found, whatever it costs";
}

TEST_F(LogReaderTest, AServiceOfManyYearsForgetsOldEntries) {
  for (int i = 0; i < 600; ++i) {
    add_releases(1);
    view();
  }

  EXPECT_EQ(view().tail().value, 1200U);
  EXPECT_EQ(view().at(Position{700}), nullptr);
  EXPECT_GE(view().releases(1000).size(), 50U);
}

TEST_F(LogReaderTest, WhatWasForgottenChangesNoVerdict) {
  for (int i = 0; i < 300; ++i) {
    add_releases(1);
    view();
  }

  for (const LogEntry* each : view().releases(1000)) {
    EXPECT_EQ(each->kind, EntryKind::commit) << each->position.value;
  }
  EXPECT_EQ(view().current_release()->position.value, 600U);
}

TEST_F(LogReaderTest, TheReleaseThatIsCurrentIsNeverForgotten) {
  add_releases(1);
  for (int i = 0; i < 300; ++i) {
    add_failures(1);
    view();
  }

  ASSERT_NE(view().current_release(), nullptr);
  EXPECT_EQ(view().current_release()->position.value, 2U);
  EXPECT_EQ(view().current_release()->owner, id_of("owner-1"));
}

TEST_F(LogReaderTest, WhatWasForgottenCanBeReadAgain) {
  for (int i = 0; i < 300; ++i) {
    add_releases(1);
    view();
  }

  ASSERT_OK_AND_ASSIGN(const LogView* const far, reader_.refresh_with_history(300));

  EXPECT_EQ(far->releases(1000).size(), 300U);
}

// A share that is not well.

TEST_F(LogReaderTest, AShareThatIsAwayIsAnError) {
  add_releases(2);
  broken_ = {"tail"};

  EXPECT_THAT(reader_.refresh(), FailsWith(ErrorCode::temporary, "away"));
}

TEST_F(LogReaderTest, AfterAnErrorTheNextRefreshGoesOn) {
  add_releases(2);
  view();
  add_releases(1);
  broken_ = {"read"};
  ASSERT_THAT(reader_.refresh(), FailsWith(ErrorCode::temporary));
  broken_ = {};

  EXPECT_EQ(view().current_release()->position.value, 6U);
}

TEST_F(LogReaderTest, AfterAnErrorAtTheFirstLookTheNextOneHasAll) {
  add_releases(2);
  int left = 2;
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    return operation == "read" && left-- == 0 ? std::optional(kBroken) : std::nullopt;
  };
  ASSERT_THAT(reader_.refresh(), FailsWith(ErrorCode::temporary));

  EXPECT_EQ(view().releases(10).size(), 2U);
  EXPECT_NE(view().at(Position{1}), nullptr);
}

TEST_F(LogReaderTest, AnErrorOnTheWayBackLeavesNoEntryUnjudged) {
  add_failures(20);
  log_.commit("somebody");  // entry 41, without a CLAIM
  add_failures(30);
  add_releases(100);
  int left = 301 - 20;  // down to entry 20
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    return operation == "read" && left-- == 0 ? std::optional(kBroken) : std::nullopt;
  };
  ASSERT_THAT(reader_.refresh_with_history(1000), FailsWith(ErrorCode::temporary));

  ASSERT_OK_AND_ASSIGN(const LogView* const far, reader_.refresh_with_history(1000));

  EXPECT_EQ(far->releases(1000).size(), 100U);
  ASSERT_NE(far->at(Position{41}), nullptr);
  EXPECT_EQ(far->at(Position{41})->kind, EntryKind::abandon);
}

TEST_F(LogReaderTest, AnEntryThatCannotBeSeenYetIsAnError) {
  add_releases(2);
  log_.state()->log.erase(Position{3});

  EXPECT_THAT(reader_.refresh(), FailsWith(ErrorCode::temporary, "entry 3"));
}

TEST_F(LogReaderTest, AStaleListingTakesNothingBack) {
  add_releases(2);
  ASSERT_EQ(view().tail().value, 4U);
  log_.show_up_to(2);

  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(view().tail().value, 4U);
  }
}

TEST_F(LogReaderTest, AShareThatWasMadeAnewAtTheSamePlaceIsReadAnew) {
  add_releases(3);
  ASSERT_EQ(view().tail().value, 6U);
  EXPECT_EQ(reader_.cluster(), "memory");
  log_.lose_after(0);
  log_.state()->cluster = "another";
  add_releases(1);

  std::uint64_t tail = 6;
  for (int i = 0; i < 20 && tail != 2; ++i) {
    tail = view().tail().value;
  }

  EXPECT_EQ(tail, 2U);
  EXPECT_EQ(reader_.cluster(), "another");
}

TEST_F(LogReaderTest, AShareThatWasMadeAnewAndIsEmptyIsEmpty) {
  add_releases(3);
  view();
  log_.lose_after(0);
  log_.state()->cluster = "another";

  std::uint64_t tail = 6;
  for (int i = 0; i < 20 && tail != 0; ++i) {
    tail = view().tail().value;
  }

  EXPECT_EQ(tail, 0U);
  EXPECT_EQ(reader_.cluster(), "");
}

TEST_F(LogReaderTest, AShorterLogWithAnotherEntryAtItsEndIsReadAnew) {
  add_releases(4);
  ASSERT_EQ(view().tail().value, 8U);
  log_.lose_after(4);
  add_releases(1);

  std::uint64_t tail = 8;
  for (int i = 0; i < 20 && tail != 6; ++i) {
    tail = view().tail().value;
  }

  EXPECT_EQ(tail, 6U);
}

}  // namespace swarmout::test
