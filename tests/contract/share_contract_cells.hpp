// What every share must do with its cells: small values with one owner, which others read while they change.

#pragma once

#include "tests/contract/share_contract_fixture.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/wait_for.hpp"

#include <thread>

namespace swarmout::test {

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
  constexpr int kReads = 3000;
  int whole = 0;
  for (int i = 0; i < kReads; ++i) {
    const auto found = other_->read_cell(CellKind::peer, "a");
    if (found) {
      ASSERT_TRUE(found->has_value());
      EXPECT_THAT(values, testing::Contains((*found)->bytes));
      ++whole;
    } else {  // refused: it met a writer at work twice, or one whose processor was taken away in the middle
      EXPECT_THAT(found, testing::AnyOf(FailsWith(ErrorCode::temporary), FailsWith(ErrorCode::refused)));
    }
  }
  EXPECT_GT(whole, kReads / 2);
}

}  // namespace swarmout::test
