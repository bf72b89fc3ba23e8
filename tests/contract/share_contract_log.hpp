// What every share must do with its log: numbered entries that are put once, and never change.

#pragma once

#include "tests/contract/share_contract_fixture.hpp"
#include "tests/support/bytes.hpp"

#include <latch>
#include <thread>

namespace swarmout::test {

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

TEST_P(ShareContract, NumbersAreListedFromTheHighestDown) {
  for (const std::uint64_t each : {1U, 2U, 3U, 7U, 99'999'999U, 100'000'000U}) {
    ASSERT_EQ(share_->put(Position{each}, "entry").outcome, PutOutcome::won);
  }

  ASSERT_OK_AND_ASSIGN(const auto all, other_->numbers_below(kLastPosition, 100));
  EXPECT_EQ(all, (std::vector<Position>{{100'000'000}, {99'999'999}, {7}, {3}, {2}, {1}}));
  ASSERT_OK_AND_ASSIGN(const auto some, other_->numbers_below(Position{99'999'999}, 2));
  EXPECT_EQ(some, (std::vector<Position>{{7}, {3}}));
  ASSERT_OK_AND_ASSIGN(const auto none, other_->numbers_below(Position{1}, 2));
  EXPECT_TRUE(none.empty());
}

TEST_P(ShareContract, NoEntryIsBeyondTheLastNumber) {
  ASSERT_EQ(share_->put(Position{1}, "entry").outcome, PutOutcome::won);
  ASSERT_EQ(share_->put(kLastPosition.next(), "entry").outcome, PutOutcome::won);
  ASSERT_EQ(share_->put(Position{~std::uint64_t{0}}, "entry").outcome, PutOutcome::won);

  ASSERT_OK_AND_ASSIGN(const Position tail, other_->tail({}));
  EXPECT_EQ(tail.value, 1U);
  ASSERT_EQ(share_->put(kLastPosition, "entry").outcome, PutOutcome::won);
  ASSERT_OK_AND_ASSIGN(const Position last, other_->tail({}));
  EXPECT_EQ(last, kLastPosition);
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

}  // namespace swarmout::test
