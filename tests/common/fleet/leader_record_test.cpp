#include "common/fleet/leader_record.hpp"

#include "common/share/share.hpp"
#include "tests/common/fleet/records.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

using namespace std::chrono_literals;

namespace {

Result<HeartbeatInfo> read_heartbeat(std::string_view bytes) {
  return decode_heartbeat(bytes, claim_id(), fleet_trust());
}
Result<StagedRelease> read_staged(std::string_view bytes) {
  return decode_staged(bytes, claim_id(), fleet_trust());
}
/// Signed by the fleet all the same: written by a program that is wrong, or of another version.
std::string signed_without(const std::string& record, const std::string& key) {
  return signed_text(without_line(std::string(text_of_record(record).value()), key));
}
DeputySeat seat() {
  return {claim_id(), 2, "host"};
}

}  // namespace

TEST(LeaderRecordTest, AHeartbeatIsReadAsItWasWritten) {
  ASSERT_OK_AND_ASSIGN(const HeartbeatInfo read, read_heartbeat(encode(heartbeat())));

  EXPECT_EQ(read.counter, 1U);
  EXPECT_EQ(read.claim, claim_id());
  EXPECT_EQ(read.time, heartbeat().time);
  EXPECT_EQ(read.host, "host?with ?") << "no control bytes: it is shown on terminals";
  EXPECT_EQ(read.phase, Phase::exporting);
  EXPECT_EQ(read.files, 2U);
  EXPECT_EQ(read.read, 3U);
  EXPECT_EQ(read.packed, 4U);
  EXPECT_EQ(read.copies, 5U);
  EXPECT_EQ(read.peers, 6U);
  EXPECT_EQ(read.endpoint, heartbeat().endpoint);
  EXPECT_EQ(read.tracker, heartbeat().tracker);
  EXPECT_EQ(read.offered, 7U);
  EXPECT_EQ(read.line_rate, 8.0);
  EXPECT_EQ(read.traffic, heartbeat().traffic);
}

TEST(LeaderRecordTest, AHeartbeatMayHaveNoEndpointYet) {
  HeartbeatInfo info = heartbeat();
  info.endpoint.reset();

  ASSERT_OK_AND_ASSIGN(const HeartbeatInfo read, read_heartbeat(encode(info)));

  EXPECT_EQ(read.endpoint, std::nullopt);
}

TEST(LeaderRecordTest, AStageIsReadAsItWasWritten) {
  ASSERT_OK_AND_ASSIGN(const StagedRelease read, read_staged(encode(staged())));

  EXPECT_EQ(read.release.text, staged().release.text);
  EXPECT_EQ(read.release.signature, "four\nlines\n");
  EXPECT_EQ(read.release.descriptor.revision, "r4");
  EXPECT_EQ(read.endpoint, staged().endpoint);
  EXPECT_EQ(read.tracker, staged().tracker);
}

TEST(LeaderRecordTest, ARecordWithoutATrackerIsOneOfAnOlderVersion) {
  EXPECT_EQ(read_staged(signed_without(encode(staged()), "tracker"))->tracker, std::nullopt);
  EXPECT_EQ(read_heartbeat(signed_without(encode(heartbeat()), "tracker"))->tracker, std::nullopt);
}

TEST(LeaderRecordTest, ALeaderWithoutATrackerSaysSo) {
  StagedRelease stage = staged();
  stage.tracker.reset();
  HeartbeatInfo beat = heartbeat();
  beat.tracker.reset();

  EXPECT_EQ(read_staged(encode(stage))->tracker, std::nullopt);
  EXPECT_EQ(read_heartbeat(encode(beat))->tracker, std::nullopt);
}

TEST(LeaderRecordTest, ATrackerThatIsNoEndpointIsRefused) {
  std::string text(text_of_record(encode(staged())).value());
  const std::string line = "tracker 192.0.2.1:6969";
  text.replace(text.find(line), line.size(), "tracker http://example.org/");

  EXPECT_THAT(read_staged(signed_text(text)), FailsWith(ErrorCode::refused, "endpoint"));
}

TEST(LeaderRecordTest, AStageWithoutAProperDescriptorIsRefused) {
  StagedRelease each = staged();
  each.release.text = "not a descriptor\n";

  EXPECT_THAT(read_staged(encode(each)), FailsWith(ErrorCode::refused));
}

TEST(LeaderRecordTest, TheLongestHeartbeatFitsIntoACell) {
  HeartbeatInfo info = heartbeat();
  info.host = std::string(10'000, '\xff');
  info.traffic.hosts.resize(
      1000, {Endpoint{"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 65535}, kMost / 1000, kMost / 1000, kMost, true});

  EXPECT_LE(encode(info).size(), kMaxCell);
  EXPECT_THAT(read_heartbeat(encode(info)), IsOk());
}

TEST(LeaderRecordTest, RecordsOfOneKindAreNotReadAsAnother) {
  EXPECT_THAT(decode_peer(encode(heartbeat())), FailsWith(ErrorCode::refused));
  EXPECT_THAT(read_heartbeat(encode(staged())), FailsWith(ErrorCode::refused));
  EXPECT_THAT(read_staged(encode(peer())), FailsWith(ErrorCode::refused));
}

// Who said it, and of what.

TEST(LeaderRecordTest, WhatAStrangerSignedIsRefused) {
  EXPECT_THAT(read_heartbeat(swarmout::encode(heartbeat(), strangers_key()).value()), FailsWith(ErrorCode::refused));
  EXPECT_THAT(read_staged(swarmout::encode(staged(), strangers_key()).value()), FailsWith(ErrorCode::refused));
  EXPECT_THAT(check_seat(swarmout::encode(seat(), strangers_key()).value(), seat(), fleet_trust()),
              FailsWith(ErrorCode::refused));
}

TEST(LeaderRecordTest, WhatNobodySignedIsRefused) {
  for (const std::string& record : {encode(heartbeat()), encode(staged())}) {
    const std::string text(text_of_record(record).value());
    EXPECT_THAT(read_heartbeat(text), FailsWith(ErrorCode::refused));
    EXPECT_THAT(read_staged(text), FailsWith(ErrorCode::refused));
  }
}

TEST(LeaderRecordTest, WhatWasSignedUnderAnotherClaimIsRefused) {
  for (const ClaimId& other : {ClaimId{Position{4}, claim_id().owner}, ClaimId{claim_id().position, id_of("other")}}) {
    EXPECT_THAT(decode_heartbeat(encode(heartbeat()), other, fleet_trust()),
                FailsWith(ErrorCode::refused, "another claim"));
    EXPECT_THAT(decode_staged(encode(staged()), other, fleet_trust()), FailsWith(ErrorCode::refused, "another claim"));
    const DeputySeat theirs{other, 2, "host"};
    EXPECT_THAT(check_seat(swarmout::encode(seat(), fleet_key()).value(), theirs, fleet_trust()),
                FailsWith(ErrorCode::refused, "another claim"));
  }
}

TEST(LeaderRecordTest, ASeatIsOneOfANumber) {
  const std::string bytes = swarmout::encode(seat(), fleet_key()).value();

  EXPECT_THAT(check_seat(bytes, seat(), fleet_trust()), IsOk());
  EXPECT_THAT(check_seat(bytes, {claim_id(), 1, "host"}, fleet_trust()), FailsWith(ErrorCode::refused, "another seat"));
}

TEST(LeaderRecordTest, EveryFlippedBitIsRefused) {
  const std::string beat = encode(heartbeat());
  for (std::size_t bit = 0; bit < 8 * beat.size(); ++bit) {
    std::string changed = beat;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_THAT(read_heartbeat(changed), FailsWith(ErrorCode::refused)) << "bit " << bit;
  }
}

TEST(LeaderRecordTest, TheCellOfAClaimHasAProperName) {
  EXPECT_EQ(claim_cell(Position{42}, "0123456789abcdef"), "00000042-01234567");
}

TEST(LeaderRecordTest, HeartbeatsOfVersionsThatDidNotTellOfTrafficAreRead) {
  std::string beat = encode(heartbeat());
  for (const char* const later : {"offered", "line-rate", "traffic"}) {
    beat = signed_without(beat, later);
  }

  EXPECT_EQ(read_heartbeat(beat).value_or(heartbeat()).traffic, Traffic{});
}

TEST(LeaderRecordTest, EveryTruncationIsRefused) {
  const std::string beat = encode(heartbeat());
  for (std::size_t size = 0; size < beat.size(); ++size) {
    EXPECT_THAT(read_heartbeat(std::string_view(beat).substr(0, size)), FailsWith(ErrorCode::refused)) << size;
  }
  const std::string stage = encode(staged());
  for (std::size_t size = 0; size < stage.size(); ++size) {
    EXPECT_THAT(read_staged(std::string_view(stage).substr(0, size)), FailsWith(ErrorCode::refused)) << size;
  }
}

namespace {

class HeartbeatLine : public testing::TestWithParam<const char*> {};

}  // namespace

TEST_P(HeartbeatLine, MustBeThere) {
  EXPECT_THAT(read_heartbeat(signed_without(encode(heartbeat()), GetParam())),
              FailsWith(ErrorCode::refused, GetParam()));
}
INSTANTIATE_TEST_SUITE_P(Keys, HeartbeatLine,
                         testing::Values("claim", "owner", "counter", "time", "host", "phase", "files", "read",
                                         "packed", "copies", "peers", "endpoint"));

}  // namespace swarmout::test
