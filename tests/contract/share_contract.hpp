// What every share must do. Included by one test file, which says what to run it against.

#pragma once

#include "common/share/share.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace swarmout::test {

/// One share that any number of handles can be opened on.
class ShareWorld {
public:
  virtual ~ShareWorld() = default;
  [[nodiscard]] virtual std::unique_ptr<Share> open() = 0;
};

struct ShareKind {
  std::string name;
  std::function<std::unique_ptr<ShareWorld>()> make;
  std::function<std::string()> missing = [] { return std::string(); };  ///< why it cannot be had here
};
inline void PrintTo(const ShareKind& kind, std::ostream* out) {
  *out << kind.name;
}

class ShareContract : public testing::TestWithParam<ShareKind> {
protected:
  void SetUp() override {
    if (const std::string missing = GetParam().missing(); !missing.empty()) {
      GTEST_SKIP() << missing;
    }
    share_ = world_->open();
    other_ = world_->open();
    ASSERT_TRUE(share_ && other_);
  }

  /// What is in a log entry, as text; "" if nothing is there.
  static std::string entry(Share& share, std::uint64_t number) {
    const auto found = share.read(Position{number});
    EXPECT_THAT(found, IsOk());
    return found && *found ? **found : "";
  }
  static std::optional<std::string> cell(Share& share, CellKind kind, const std::string& name) {
    const auto found = share.read_cell(kind, name);
    EXPECT_THAT(found, IsOk());
    return found && *found ? std::optional((*found)->bytes) : std::nullopt;
  }
  static std::vector<std::string> sorted(std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    return names;
  }

  std::unique_ptr<ShareWorld> world_ = GetParam().make();
  std::unique_ptr<Share> share_;
  std::unique_ptr<Share> other_;
};

inline constexpr CellKind kAllCellKinds[] = {CellKind::heartbeat, CellKind::stage, CellKind::peer};

// The log.

TEST_P(ShareContract, AnEmptyLogEndsAtZero) {
  ASSERT_OK_AND_ASSIGN(const Position tail, share_->tail({}));

  EXPECT_EQ(tail.value, 0U);
}

TEST_P(ShareContract, AMissingEntryIsNothing) {
  ASSERT_OK_AND_ASSIGN(const auto found, share_->read(Position{1}));

  EXPECT_EQ(found, std::nullopt);
}

TEST_P(ShareContract, APutWinsWhereNothingIs) {
  EXPECT_EQ(share_->put(Position{1}, "mine").outcome, PutOutcome::won);

  EXPECT_EQ(entry(*share_, 1), "mine");
}

TEST_P(ShareContract, APutLosesAgainstAnotherEntryAndShowsIt) {
  ASSERT_EQ(share_->put(Position{1}, "first").outcome, PutOutcome::won);

  const PutResult second = other_->put(Position{1}, "second");

  EXPECT_EQ(second.outcome, PutOutcome::lost);
  EXPECT_EQ(second.winner, "first");
}

TEST_P(ShareContract, ALostPutChangesNothing) {
  ASSERT_EQ(share_->put(Position{1}, "first").outcome, PutOutcome::won);
  ASSERT_EQ(other_->put(Position{1}, "second").outcome, PutOutcome::lost);

  EXPECT_EQ(entry(*share_, 1), "first");
  EXPECT_EQ(entry(*other_, 1), "first");
}

TEST_P(ShareContract, TheSameBytesAgainAreAWin) {
  ASSERT_EQ(share_->put(Position{1}, "mine").outcome, PutOutcome::won);

  EXPECT_EQ(share_->put(Position{1}, "mine").outcome, PutOutcome::won);
  EXPECT_EQ(other_->put(Position{1}, "mine").outcome, PutOutcome::won);
}

TEST_P(ShareContract, AnEntryThatOnlyBeginsLikeMineIsNotMine) {
  ASSERT_EQ(share_->put(Position{1}, "mine and more").outcome, PutOutcome::won);

  EXPECT_EQ(other_->put(Position{1}, "mine").outcome, PutOutcome::lost);
}

TEST_P(ShareContract, EachNumberIsAnEntryOfItsOwn) {
  ASSERT_EQ(share_->put(Position{1}, "one").outcome, PutOutcome::won);
  ASSERT_EQ(share_->put(Position{2}, "two").outcome, PutOutcome::won);

  EXPECT_EQ(entry(*other_, 1), "one");
  EXPECT_EQ(entry(*other_, 2), "two");
}

TEST_P(ShareContract, AnEntryMayHaveAnyBytesUpToTheLimit) {
  const std::string bytes = noise(kMaxEntry);

  ASSERT_EQ(share_->put(Position{1}, bytes).outcome, PutOutcome::won);

  EXPECT_EQ(entry(*other_, 1), bytes);
}

TEST_P(ShareContract, TheTailIsTheHighestEntry) {
  for (const std::uint64_t each : {1U, 2U, 3U}) {
    ASSERT_EQ(share_->put(Position{each}, "entry").outcome, PutOutcome::won);
  }

  ASSERT_OK_AND_ASSIGN(const Position tail, other_->tail({}));

  EXPECT_EQ(tail.value, 3U);
}

TEST_P(ShareContract, TheTailIsFoundFromAKnownEntry) {
  for (const std::uint64_t each : {1U, 2U, 3U}) {
    ASSERT_EQ(share_->put(Position{each}, "entry").outcome, PutOutcome::won);
  }

  ASSERT_OK_AND_ASSIGN(const Position tail, other_->tail(Position{1}));

  EXPECT_EQ(tail.value, 3U);
}

TEST_P(ShareContract, TheTailIsTheKnownEntryIfNothingFollows) {
  ASSERT_EQ(share_->put(Position{1}, "entry").outcome, PutOutcome::won);

  ASSERT_OK_AND_ASSIGN(const Position tail, other_->tail(Position{1}));

  EXPECT_EQ(tail.value, 1U);
}

TEST_P(ShareContract, TheTailGoesBeyondEightDigits) {
  ASSERT_EQ(share_->put(Position{99'999'999}, "entry").outcome, PutOutcome::won);
  ASSERT_EQ(share_->put(Position{100'000'000}, "entry").outcome, PutOutcome::won);

  ASSERT_OK_AND_ASSIGN(const Position tail, other_->tail({}));

  EXPECT_EQ(tail.value, 100'000'000U);
}

TEST_P(ShareContract, OfManyWritersOfOneNumberExactlyOneWins) {
  constexpr std::size_t kWriters = 64;
  constexpr std::uint64_t kRounds = 5;
  std::vector<std::unique_ptr<Share>> handles(kWriters);
  std::generate(handles.begin(), handles.end(), [this] { return world_->open(); });
  for (std::uint64_t round = 1; round <= kRounds; ++round) {
    std::vector<PutResult> results(kWriters);
    const auto bytes_of = [round](std::size_t i) { return std::to_string(round) + " of writer " + std::to_string(i); };
    {
      std::latch start(kWriters);
      std::vector<std::jthread> writers;
      for (std::size_t i = 0; i < kWriters; ++i) {
        writers.emplace_back([&, i] {
          start.arrive_and_wait();
          results[i] = handles[i]->put(Position{round}, bytes_of(i));
        });
      }
    }
    const std::string there = entry(*share_, round);
    std::size_t winners = 0;
    for (std::size_t i = 0; i < kWriters; ++i) {
      if (results[i].outcome == PutOutcome::won) {
        ++winners;
        EXPECT_EQ(there, bytes_of(i)) << "round " << round;
      } else {
        EXPECT_EQ(results[i].outcome, PutOutcome::lost) << to_string(results[i].error);
        EXPECT_EQ(results[i].winner, there) << "round " << round << ", writer " << i;
      }
    }
    EXPECT_EQ(winners, 1U) << "round " << round;
  }
}

// Cells.

TEST_P(ShareContract, AMissingCellIsNothing) {
  for (const CellKind kind : kAllCellKinds) {
    ASSERT_OK_AND_ASSIGN(const auto found, share_->read_cell(kind, "none"));
    EXPECT_FALSE(found.has_value());
  }
}

TEST_P(ShareContract, ACellIsReadBack) {
  ASSERT_OK(share_->write_cell(CellKind::peer, "a", "value"));

  EXPECT_EQ(cell(*share_, CellKind::peer, "a"), "value");
}

TEST_P(ShareContract, ACellIsSeenByOthersAtOnce) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_OK(share_->write_cell(CellKind::heartbeat, "a", std::to_string(i)));
    EXPECT_EQ(cell(*other_, CellKind::heartbeat, "a"), std::to_string(i));
  }
}

TEST_P(ShareContract, ACellIsOverwrittenByAShorterValue) {
  ASSERT_OK(share_->write_cell(CellKind::peer, "a", std::string(3000, 'x')));
  ASSERT_OK(share_->write_cell(CellKind::peer, "a", "short"));

  EXPECT_EQ(cell(*other_, CellKind::peer, "a"), "short");
}

TEST_P(ShareContract, ACellIsOverwrittenByALongerValue) {
  ASSERT_OK(share_->write_cell(CellKind::peer, "a", "short"));
  ASSERT_OK(share_->write_cell(CellKind::peer, "a", std::string(3000, 'x')));

  EXPECT_EQ(cell(*other_, CellKind::peer, "a"), std::string(3000, 'x'));
}

TEST_P(ShareContract, ACellMayBeEmpty) {
  ASSERT_OK(share_->write_cell(CellKind::peer, "a", ""));

  EXPECT_EQ(cell(*other_, CellKind::peer, "a"), "");
}

TEST_P(ShareContract, ACellMayHaveAnyBytesUpToTheLimit) {
  const std::string bytes = noise(kMaxCell);

  ASSERT_OK(share_->write_cell(CellKind::stage, "a", bytes));

  EXPECT_EQ(cell(*other_, CellKind::stage, "a"), bytes);
}

TEST_P(ShareContract, ACellMayHaveTheLongestName) {
  const std::string name = "A-z_0." + std::string(94, 'n');

  ASSERT_OK(share_->write_cell(CellKind::peer, name, "value"));

  EXPECT_EQ(cell(*other_, CellKind::peer, name), "value");
}

TEST_P(ShareContract, CellsOfEachKindAreSeparate) {
  ASSERT_OK(share_->write_cell(CellKind::heartbeat, "a", "heartbeat"));
  ASSERT_OK(share_->write_cell(CellKind::stage, "a", "stage"));
  ASSERT_OK(share_->write_cell(CellKind::peer, "a", "peer"));
  ASSERT_OK(share_->remove_cell(CellKind::stage, "a"));

  EXPECT_EQ(cell(*other_, CellKind::heartbeat, "a"), "heartbeat");
  EXPECT_EQ(cell(*other_, CellKind::stage, "a"), std::nullopt);
  EXPECT_EQ(cell(*other_, CellKind::peer, "a"), "peer");
}

TEST_P(ShareContract, CellsAreListedByKind) {
  ASSERT_OK(share_->write_cell(CellKind::peer, "b", ""));
  ASSERT_OK(share_->write_cell(CellKind::peer, "a", ""));
  ASSERT_OK(share_->write_cell(CellKind::stage, "c", ""));

  ASSERT_OK_AND_ASSIGN(const auto names, other_->list_cells(CellKind::peer));

  EXPECT_THAT(names, testing::UnorderedElementsAre("a", "b"));
}

TEST_P(ShareContract, AShareWithoutCellsListsNone) {
  for (const CellKind kind : kAllCellKinds) {
    ASSERT_OK_AND_ASSIGN(const auto names, share_->list_cells(kind));
    EXPECT_THAT(names, testing::IsEmpty());
  }
}

TEST_P(ShareContract, ARemovedCellIsGone) {
  ASSERT_OK(share_->write_cell(CellKind::peer, "a", "value"));

  ASSERT_OK(share_->remove_cell(CellKind::peer, "a"));

  EXPECT_EQ(cell(*other_, CellKind::peer, "a"), std::nullopt);
  ASSERT_OK_AND_ASSIGN(const auto names, other_->list_cells(CellKind::peer));
  EXPECT_THAT(names, testing::IsEmpty());
}

TEST_P(ShareContract, RemovingAMissingCellIsNoError) {
  EXPECT_THAT(share_->remove_cell(CellKind::peer, "none"), IsOk());
}

TEST_P(ShareContract, ACellIsCreatedOnlyWhereNoneIs) {
  EXPECT_TRUE(share_->create_cell(CellKind::heartbeat, "seat", "first").value_or(false));
  EXPECT_FALSE(share_->create_cell(CellKind::heartbeat, "seat", "second").value_or(true));
  EXPECT_EQ(share_->read_cell(CellKind::heartbeat, "seat").value()->bytes, "first");

  ASSERT_OK(share_->remove_cell(CellKind::heartbeat, "seat"));
  EXPECT_TRUE(share_->create_cell(CellKind::heartbeat, "seat", "third").value_or(false));
}

TEST_P(ShareContract, StaleCellsAreRemovedAndFreshOnesStay) {
  for (const CellKind kind : {CellKind::heartbeat, CellKind::stage, CellKind::peer}) {
    ASSERT_OK(share_->write_cell(kind, "cell", "value"));
  }
  const WallTime now = share_->now().value();

  ASSERT_OK(share_->remove_stale(now - std::chrono::hours(1)));
  EXPECT_EQ(share_->list_cells(CellKind::peer).value().size(), 1U);

  ASSERT_OK(share_->remove_stale(now + std::chrono::hours(1)));
  for (const CellKind kind : {CellKind::heartbeat, CellKind::stage, CellKind::peer}) {
    EXPECT_TRUE(share_->list_cells(kind).value().empty());
  }
}

TEST_P(ShareContract, ACellIsWrittenAtATimeOfTheSharesClock) {
  ASSERT_OK_AND_ASSIGN(const WallTime before, share_->now());
  ASSERT_OK(share_->write_cell(CellKind::peer, "a", "value"));
  ASSERT_OK_AND_ASSIGN(const WallTime after, share_->now());

  ASSERT_OK_AND_ASSIGN(const auto found, other_->read_cell(CellKind::peer, "a"));

  ASSERT_TRUE(found.has_value());
  EXPECT_LE(before, found->written);
  EXPECT_LE(found->written, after);
}

TEST_P(ShareContract, ACellsTimeMovesOnWhenItIsWrittenAgainWithTheSameBytes) {
  ASSERT_OK(share_->write_cell(CellKind::peer, "a", "value"));
  ASSERT_OK_AND_ASSIGN(const auto first, share_->read_cell(CellKind::peer, "a"));
  ASSERT_TRUE(first.has_value());

  EXPECT_TRUE(wait_for([&] {
    const bool written = share_->write_cell(CellKind::peer, "a", "value").has_value();
    const auto again = other_->read_cell(CellKind::peer, "a");
    return written && again && *again && (*again)->written > first->written;
  }));
}

TEST_P(ShareContract, AReaderOfACellThatIsBeingWrittenSeesWholeValuesOnly) {
  const std::string values[] = {std::string(kMaxCell, 'a'), std::string(10, 'b'), std::string(2000, 'c')};
  ASSERT_OK(share_->write_cell(CellKind::peer, "a", values[0]));
  std::jthread writer([&](const std::stop_token& stop) {
    for (std::size_t i = 0; !stop.stop_requested(); ++i) {
      EXPECT_THAT(share_->write_cell(CellKind::peer, "a", values[i % std::size(values)]), IsOk());
    }
  });
  for (int i = 0; i < 3000; ++i) {
    const auto found = other_->read_cell(CellKind::peer, "a");
    if (found) {
      ASSERT_TRUE(found->has_value());
      EXPECT_THAT(values, testing::Contains((*found)->bytes));
    } else {
      EXPECT_THAT(found, FailsWith(ErrorCode::temporary));
    }
  }
}

// Blobs.

TEST_P(ShareContract, AMissingBlobIsNothing) {
  ASSERT_OK_AND_ASSIGN(const auto found, share_->read_blob("none", kMaxBlob));

  EXPECT_EQ(found, std::nullopt);
}

TEST_P(ShareContract, ABlobIsSeenByOthersAtOnce) {
  const std::string bytes = noise(3 * kMiB);

  ASSERT_OK(share_->write_blob("a.torrent", bytes));

  ASSERT_OK_AND_ASSIGN(const auto found, other_->read_blob("a.torrent", kMaxBlob));
  EXPECT_TRUE(found == bytes);
}

TEST_P(ShareContract, ABlobMayBeWrittenAgain) {
  ASSERT_OK(share_->write_blob("a.torrent", "the same"));
  ASSERT_OK(other_->write_blob("a.torrent", "the same"));

  ASSERT_OK_AND_ASSIGN(const auto found, share_->read_blob("a.torrent", kMaxBlob));
  EXPECT_EQ(found, "the same");
}

TEST_P(ShareContract, ABlobOfExactlyTheLimitIsRead) {
  ASSERT_OK(share_->write_blob("a.torrent", std::string(1000, 'x')));

  ASSERT_OK_AND_ASSIGN(const auto found, share_->read_blob("a.torrent", 1000));

  EXPECT_EQ(found, std::string(1000, 'x'));
}

TEST_P(ShareContract, ABlobBeyondTheLimitIsRefused) {
  ASSERT_OK(share_->write_blob("a.torrent", std::string(1000, 'x')));

  EXPECT_THAT(share_->read_blob("a.torrent", 999), FailsWith(ErrorCode::refused));
}

TEST_P(ShareContract, BlobsAreListed) {
  ASSERT_OK(share_->write_blob("b.torrent", "b"));
  ASSERT_OK(share_->write_blob("a.torrent", "a"));

  ASSERT_OK_AND_ASSIGN(const auto names, other_->list_blobs());

  EXPECT_THAT(names, testing::UnorderedElementsAre("a.torrent", "b.torrent"));
}

TEST_P(ShareContract, ARemovedBlobIsGone) {
  ASSERT_OK(share_->write_blob("a.torrent", "a"));

  ASSERT_OK(share_->remove_blob("a.torrent"));

  ASSERT_OK_AND_ASSIGN(const auto found, other_->read_blob("a.torrent", kMaxBlob));
  EXPECT_EQ(found, std::nullopt);
  ASSERT_OK_AND_ASSIGN(const auto names, other_->list_blobs());
  EXPECT_THAT(names, testing::IsEmpty());
}

TEST_P(ShareContract, RemovingAMissingBlobIsNoError) {
  EXPECT_THAT(share_->remove_blob("none"), IsOk());
}

// The clock, and the name.

TEST_P(ShareContract, TheClockDoesNotGoBack) {
  WallTime last{};
  for (int i = 0; i < 200; ++i) {
    ASSERT_OK_AND_ASSIGN(const WallTime now, (i % 2 == 0 ? share_ : other_)->now());
    EXPECT_LE(last, now);
    last = now;
  }
}

TEST_P(ShareContract, TheClockMovesOn) {
  ASSERT_OK_AND_ASSIGN(const WallTime first, share_->now());

  EXPECT_TRUE(wait_for([&] { return other_->now().value_or(first) > first; }));
}

TEST_P(ShareContract, AskingForTheTimeLeavesNothingInTheLog) {
  ASSERT_OK(share_->now());

  ASSERT_OK_AND_ASSIGN(const Position tail, other_->tail({}));

  EXPECT_EQ(tail.value, 0U);
}

TEST_P(ShareContract, EveryHandleSaysTheSameCluster) {
  ASSERT_OK_AND_ASSIGN(const std::string one, share_->cluster());
  ASSERT_OK_AND_ASSIGN(const std::string other, other_->cluster());

  EXPECT_FALSE(one.empty());
  EXPECT_EQ(one, other);
}

TEST_P(ShareContract, AShareHasANameForMessages) {
  EXPECT_FALSE(share_->name().empty());
}

}  // namespace swarmout::test
