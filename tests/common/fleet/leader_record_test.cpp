#include "common/fleet/leader_record.hpp"

#include "common/share/share.hpp"
#include "tests/common/fleet/records.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

using namespace std::chrono_literals;

TEST(LeaderRecordTest, AHeartbeatIsReadAsItWasWritten) {
  ASSERT_OK_AND_ASSIGN(const HeartbeatInfo read, decode_heartbeat(encode(heartbeat())));

  EXPECT_EQ(read.counter, 1U);
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

  ASSERT_OK_AND_ASSIGN(const HeartbeatInfo read, decode_heartbeat(encode(info)));

  EXPECT_EQ(read.endpoint, std::nullopt);
}

TEST(LeaderRecordTest, AStageIsReadAsItWasWritten) {
  ASSERT_OK_AND_ASSIGN(const StagedRelease read, decode_staged(encode(staged())));

  EXPECT_EQ(read.release.text, staged().release.text);
  EXPECT_EQ(read.release.signature, "four\nlines\n");
  EXPECT_EQ(read.release.descriptor.revision, "r4");
  EXPECT_EQ(read.endpoint, staged().endpoint);
  EXPECT_EQ(read.tracker, staged().tracker);
}

TEST(LeaderRecordTest, ARecordWithoutATrackerIsOneOfAnOlderVersion) {
  EXPECT_EQ(decode_staged(without_line(encode(staged()), "tracker"))->tracker, std::nullopt);
  EXPECT_EQ(decode_heartbeat(without_line(encode(heartbeat()), "tracker"))->tracker, std::nullopt);
}

TEST(LeaderRecordTest, ALeaderWithoutATrackerSaysSo) {
  StagedRelease stage = staged();
  stage.tracker.reset();
  HeartbeatInfo beat = heartbeat();
  beat.tracker.reset();

  EXPECT_EQ(decode_staged(encode(stage))->tracker, std::nullopt);
  EXPECT_EQ(decode_heartbeat(encode(beat))->tracker, std::nullopt);
}

TEST(LeaderRecordTest, ATrackerThatIsNoEndpointIsRefused) {
  std::string text = encode(staged());
  const std::string line = "tracker 192.0.2.1:6969";
  text.replace(text.find(line), line.size(), "tracker http://example.org/");

  EXPECT_THAT(decode_staged(text), FailsWith(ErrorCode::refused, "endpoint"));
}

TEST(LeaderRecordTest, AStageWithoutAProperDescriptorIsRefused) {
  StagedRelease each = staged();
  each.release.text = "not a descriptor\n";

  EXPECT_THAT(decode_staged(encode(each)), FailsWith(ErrorCode::refused));
}

TEST(LeaderRecordTest, TheLongestHeartbeatFitsIntoACell) {
  HeartbeatInfo info = heartbeat();
  info.host = std::string(10'000, '\xff');
  info.traffic.hosts.resize(
      1000, {Endpoint{"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 65535}, kMost / 1000, kMost / 1000, kMost, true});

  EXPECT_LE(encode(info).size(), kMaxCell);
  EXPECT_THAT(decode_heartbeat(encode(info)), IsOk());
}

TEST(LeaderRecordTest, RecordsOfOneKindAreNotReadAsAnother) {
  EXPECT_THAT(decode_peer(encode(heartbeat())), FailsWith(ErrorCode::refused));
  EXPECT_THAT(decode_heartbeat(encode(staged())), FailsWith(ErrorCode::refused));
  EXPECT_THAT(decode_staged(encode(peer())), FailsWith(ErrorCode::refused));
}

TEST(LeaderRecordTest, TheCellOfAClaimHasAProperName) {
  EXPECT_EQ(claim_cell(Position{42}, "0123456789abcdef"), "00000042-01234567");
}

TEST(LeaderRecordTest, HeartbeatsOfVersionsThatDidNotTellOfTrafficAreRead) {
  std::string beat = encode(heartbeat());
  for (const char* const later : {"offered", "line-rate", "traffic"}) {
    beat = without_line(beat, later);
  }

  EXPECT_EQ(decode_heartbeat(beat).value_or(heartbeat()).traffic, Traffic{});
}

TEST(LeaderRecordTest, EveryTruncationIsRefused) {
  const std::string beat = encode(heartbeat());
  for (std::size_t size = 0; size < beat.size(); ++size) {
    EXPECT_THAT(decode_heartbeat(std::string_view(beat).substr(0, size)), FailsWith(ErrorCode::refused)) << size;
  }
  const std::string stage = encode(staged());
  for (std::size_t size = 0; size < stage.size(); ++size) {
    EXPECT_THAT(decode_staged(std::string_view(stage).substr(0, size)), FailsWith(ErrorCode::refused)) << size;
  }
}

namespace {

class HeartbeatLine : public testing::TestWithParam<const char*> {};

}  // namespace

TEST_P(HeartbeatLine, MustBeThere) {
  EXPECT_THAT(decode_heartbeat(without_line(encode(heartbeat()), GetParam())),
              FailsWith(ErrorCode::refused, GetParam()));
}
INSTANTIATE_TEST_SUITE_P(Keys, HeartbeatLine,
                         testing::Values("counter", "host", "phase", "files", "read", "packed", "copies", "peers",
                                         "endpoint"));

}  // namespace swarmout::test
