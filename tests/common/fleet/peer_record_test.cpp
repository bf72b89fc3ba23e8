#include "common/fleet/peer_record.hpp"

#include "common/share/share.hpp"
#include "tests/common/fleet/records.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

using namespace std::chrono_literals;

TEST(PeerRecordTest, APeerIsReadAsItWasWritten) {
  ASSERT_OK_AND_ASSIGN(const PeerRecord read, decode_peer(encode(peer())));

  EXPECT_EQ(read.id, "peer-1");
  EXPECT_EQ(read.counter, 1U);
  EXPECT_EQ(read.host, "host");
  EXPECT_EQ(read.endpoint, peer().endpoint);
  EXPECT_EQ(read.active.value, 2U);
  EXPECT_EQ(read.revision, "r2");
  EXPECT_EQ(read.target.value, 4U);
  EXPECT_EQ(read.info_hash, peer().info_hash);
  EXPECT_EQ(read.wanted, 5U);
  EXPECT_EQ(read.have, 6U);
  EXPECT_TRUE(read.complete);
  EXPECT_EQ(read.download_rate, 7.0);
  EXPECT_EQ(read.downloaded, 8U);
  EXPECT_EQ(read.uploaded, 9U);
  EXPECT_EQ(read.trouble, "disk full?");
  EXPECT_EQ(read.duplicate, 2U);
  EXPECT_EQ(read.failed, 1U);
  EXPECT_EQ(read.needed(), 5U);
  EXPECT_EQ(read.first_piece, 10ms);
  EXPECT_EQ(read.fetched_in, 11ms);
  EXPECT_EQ(read.traffic, peer().traffic);
}

TEST(PeerRecordTest, WhatAHostHoldsAndWhyItIsHeldBackIsRead) {
  PeerRecord record = peer();
  record.holds = {Position{42}, Position{7}};
  record.held_back = "held here\nby root";

  ASSERT_OK_AND_ASSIGN(const PeerRecord read, decode_peer(encode(record)));

  EXPECT_THAT(read.holds, testing::ElementsAre(Position{42}, Position{7}));
  EXPECT_EQ(read.held_back, "held here?by root");
}

TEST(PeerRecordTest, OfManyReleasesTheFirstAreNamed) {
  PeerRecord record = peer();
  record.holds.resize(100, Position{kMost});

  EXPECT_EQ(decode_peer(encode(record)).value().holds.size(), kMaxHolds);
}

TEST(PeerRecordTest, AnythingElseThanAListOfReleasesIsRefused) {
  for (const char* const odd :
       {"x", "1,2", "1  2", " 1", "1 ", "-1", "99999999999999999999", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"}) {
    EXPECT_THAT(decode_peer(encode(peer()) + "holds " + odd + "\n"), FailsWith(ErrorCode::refused, "holds")) << odd;
  }
}

TEST(PeerRecordTest, HostsThatARecordDoesNotNameAreInItsSums) {
  PeerRecord record = peer();
  record.traffic.hosts.resize(1000, {Endpoint{"192.0.2.3", 6881}, 1, 2, 0, false});

  ASSERT_OK_AND_ASSIGN(const PeerRecord read, decode_peer(encode(record)));

  EXPECT_EQ(read.traffic.hosts.size(), kNamedHosts);
  EXPECT_EQ(read.traffic.in(), record.traffic.in());
  EXPECT_EQ(read.traffic.out(), record.traffic.out());
}

TEST(PeerRecordTest, APeerMayHaveNoTarget) {
  PeerRecord record = peer();
  record.info_hash.reset();

  ASSERT_OK_AND_ASSIGN(const PeerRecord read, decode_peer(encode(record)));

  EXPECT_EQ(read.info_hash, std::nullopt);
}

TEST(PeerRecordTest, TheLongestPeerRecordFitsIntoACell) {
  PeerRecord record = peer();
  record.host = std::string(10'000, '\xff');
  record.trouble = std::string(10'000, '\xff');
  record.held_back = std::string(10'000, '\xff');
  record.holds.resize(100, kLastPosition);
  record.revision = std::string(300, '\xff');
  const Endpoint longest{"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 65535};
  record.endpoint = longest;
  record.wanted = record.have = record.downloaded = record.uploaded = record.duplicate = record.failed = kMost;
  record.download_rate = 1e18;
  record.fetched_in = record.first_piece = std::chrono::milliseconds(std::numeric_limits<std::int64_t>::max());
  record.job = JobRecord{};
  record.job->name = record.job->ended = record.job->output = std::string(10'000, '\xff');
  record.job->took = *record.fetched_in;
  record.job->release = kLastPosition;
  record.traffic.hosts.resize(1000, {longest, kMost / 1000, kMost / 1000, kMost, true});

  EXPECT_LE(encode(record).size(), kMaxCell);
  EXPECT_THAT(decode_peer(encode(record)), IsOk());
}

TEST(PeerRecordTest, RecordsOfVersionsThatSaidLessAreRead) {
  std::string record = encode(peer());
  for (const char* const later : {"interval", "duplicate", "failed", "first-piece", "fetched-in", "traffic"}) {
    record = without_line(record, later);
  }

  ASSERT_OK_AND_ASSIGN(const PeerRecord read, decode_peer(record));

  EXPECT_EQ(read.interval, 0ms);
  EXPECT_EQ(read.first_piece, std::nullopt);
  EXPECT_EQ(read.fetched_in, std::nullopt);
  EXPECT_EQ(read.traffic, Traffic{});
}

TEST(PeerRecordTest, EveryTruncationIsRefused) {
  const std::string record = encode(peer());
  for (std::size_t size = 0; size < record.size(); ++size) {
    EXPECT_THAT(decode_peer(std::string_view(record).substr(0, size)), FailsWith(ErrorCode::refused)) << size;
  }
}

TEST(PeerRecordTest, APeerMayBeActiveOnNothing) {
  PeerRecord record = peer();
  record.active_hash.reset();

  EXPECT_EQ(decode_peer(encode(record)).value_or(peer()).active_hash, std::nullopt);
}

TEST(PeerRecordTest, AReleaseIsItsContentAndNotItsNumber) {
  Descriptor release;
  release.position = Position{2};
  release.info_hash = InfoHash{sha256("active")};
  EXPECT_TRUE(peer().is_active_on(release));
  EXPECT_TRUE(peer().has_all_of(release));

  release.info_hash = InfoHash{sha256("another log's second release")};
  EXPECT_FALSE(peer().is_active_on(release));
  EXPECT_FALSE(peer().has_all_of(release));
}

namespace {

class PeerLine : public testing::TestWithParam<const char*> {};

}  // namespace

TEST_P(PeerLine, MustBeThere) {
  EXPECT_THAT(decode_peer(without_line(encode(peer()), GetParam())), FailsWith(ErrorCode::refused, GetParam()));
}
INSTANTIATE_TEST_SUITE_P(Keys, PeerLine,
                         testing::Values("id", "counter", "host", "endpoint", "active", "active-info-hash", "revision",
                                         "target", "info-hash", "wanted", "have", "complete", "download-rate",
                                         "downloaded", "uploaded", "trouble"));

}  // namespace swarmout::test
