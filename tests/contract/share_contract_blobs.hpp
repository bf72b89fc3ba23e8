// What every share must do with its blobs, and with its clock.

#pragma once

#include "tests/contract/share_contract_fixture.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/wait_for.hpp"

namespace swarmout::test {

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
