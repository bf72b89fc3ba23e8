
#include "common/fleet/leader_record.hpp"
#include "common/fleet/peer_record.hpp"
#include "common/fleet/record_fields.hpp"
#include "common/fleet/registry.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/memory_share.hpp"
#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

HeartbeatInfo heartbeat() {
  HeartbeatInfo info;
  info.counter = 1;
  info.host = "host\nwith \xff";
  info.phase = "exporting";
  info.files = 2;
  info.read = 3;
  info.packed = 4;
  info.copies = 5;
  info.peers = 6;
  info.endpoint = Endpoint{"192.0.2.1", 6881};
  info.tracker = Endpoint{"192.0.2.1", 6969};
  info.offered = 7;
  info.line_rate = 8.9;
  info.traffic.hosts = {{Endpoint{"192.0.2.2", 6881}, 0, 9, 0, false}};
  return info;
}

PeerRecord peer(const std::string& id = "peer-1") {
  PeerRecord record;
  record.id = id;
  record.counter = 1;
  record.host = "host";
  record.endpoint = {"2001:db8::1", 6881};
  record.active = Position{2};
  record.revision = "r2";
  record.target = Position{4};
  record.info_hash = InfoHash{sha256("torrent")};
  record.wanted = 5;
  record.have = 6;
  record.complete = true;
  record.download_rate = 7.9;
  record.downloaded = 8;
  record.uploaded = 9;
  record.trouble = "disk full\n";
  record.duplicate = 2;
  record.failed = 1;
  record.first_piece = 10ms;
  record.fetched_in = 11ms;
  record.traffic.hosts = {{Endpoint{"192.0.2.2", 6881}, 8, 9, 1, true}};
  return record;
}

StagedRelease staged() {
  StagedRelease each;
  each.release.descriptor.position = Position{4};
  each.release.descriptor.revision = "r4";
  each.release.text = encode(each.release.descriptor);
  each.release.signature = "four\nlines\n";
  each.endpoint = {"192.0.2.1", 6881};
  each.tracker = Endpoint{"192.0.2.1", 6969};
  return each;
}

std::string without_line(std::string text, const std::string& key) {
  const std::size_t begin = text.find('\n' + key + ' ') + 1;
  EXPECT_NE(begin, 0U) << key;
  return text.erase(begin, text.find('\n', begin) + 1 - begin);
}

}  // namespace

TEST(LiveRecordsTest, AHeartbeatIsReadAsItWasWritten) {
  ASSERT_OK_AND_ASSIGN(const HeartbeatInfo read, decode_heartbeat(encode(heartbeat())));

  EXPECT_EQ(read.counter, 1U);
  EXPECT_EQ(read.host, "host?with \xff") << "no control bytes: it is shown on terminals";
  EXPECT_EQ(read.phase, "exporting");
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

TEST(LiveRecordsTest, AHeartbeatMayHaveNoEndpointYet) {
  HeartbeatInfo info = heartbeat();
  info.endpoint.reset();

  ASSERT_OK_AND_ASSIGN(const HeartbeatInfo read, decode_heartbeat(encode(info)));

  EXPECT_EQ(read.endpoint, std::nullopt);
}

TEST(LiveRecordsTest, APeerIsReadAsItWasWritten) {
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

TEST(LiveRecordsTest, RecordsOfVersionsThatDidNotTellOfTrafficAreRead) {
  std::string beat = encode(heartbeat());
  for (const char* const later : {"offered", "line-rate", "traffic"}) {
    beat = without_line(beat, later);
  }
  EXPECT_EQ(decode_heartbeat(beat).value_or(heartbeat()).traffic, Traffic{});

  std::string record = encode(peer());
  for (const char* const later : {"duplicate", "failed", "first-piece", "fetched-in", "traffic"}) {
    record = without_line(record, later);
  }
  ASSERT_OK_AND_ASSIGN(const PeerRecord read, decode_peer(record));
  EXPECT_EQ(read.first_piece, std::nullopt);
  EXPECT_EQ(read.fetched_in, std::nullopt);
  EXPECT_EQ(read.traffic, Traffic{});
}

TEST(LiveRecordsTest, HostsThatARecordDoesNotNameAreInItsSums) {
  PeerRecord record = peer();
  record.traffic.hosts.resize(1000, {Endpoint{"192.0.2.3", 6881}, 1, 2, 0, false});

  ASSERT_OK_AND_ASSIGN(const PeerRecord read, decode_peer(encode(record)));

  EXPECT_EQ(read.traffic.hosts.size(), kNamedHosts);
  EXPECT_EQ(read.traffic.in(), record.traffic.in());
  EXPECT_EQ(read.traffic.out(), record.traffic.out());
}

TEST(LiveRecordsTest, APeerMayHaveNoTarget) {
  PeerRecord record = peer();
  record.info_hash.reset();

  ASSERT_OK_AND_ASSIGN(const PeerRecord read, decode_peer(encode(record)));

  EXPECT_EQ(read.info_hash, std::nullopt);
}

TEST(LiveRecordsTest, AStageIsReadAsItWasWritten) {
  ASSERT_OK_AND_ASSIGN(const StagedRelease read, decode_staged(encode(staged())));

  EXPECT_EQ(read.release.text, staged().release.text);
  EXPECT_EQ(read.release.signature, "four\nlines\n");
  EXPECT_EQ(read.release.descriptor.revision, "r4");
  EXPECT_EQ(read.endpoint, staged().endpoint);
  EXPECT_EQ(read.tracker, staged().tracker);
}

TEST(LiveRecordsTest, ARecordWithoutATrackerIsOneOfAnOlderVersion) {
  EXPECT_EQ(decode_staged(without_line(encode(staged()), "tracker"))->tracker, std::nullopt);
  EXPECT_EQ(decode_heartbeat(without_line(encode(heartbeat()), "tracker"))->tracker, std::nullopt);
}

TEST(LiveRecordsTest, ALeaderWithoutATrackerSaysSo) {
  StagedRelease stage = staged();
  stage.tracker.reset();
  HeartbeatInfo beat = heartbeat();
  beat.tracker.reset();

  EXPECT_EQ(decode_staged(encode(stage))->tracker, std::nullopt);
  EXPECT_EQ(decode_heartbeat(encode(beat))->tracker, std::nullopt);
}

TEST(LiveRecordsTest, ATrackerThatIsNoEndpointIsRefused) {
  std::string text = encode(staged());
  const std::string line = "tracker 192.0.2.1:6969";
  text.replace(text.find(line), line.size(), "tracker http://example.org/");

  EXPECT_THAT(decode_staged(text), FailsWith(ErrorCode::refused, "endpoint"));
}

TEST(LiveRecordsTest, AStageWithoutAProperDescriptorIsRefused) {
  StagedRelease each = staged();
  each.release.text = "not a descriptor\n";

  EXPECT_THAT(decode_staged(encode(each)), FailsWith(ErrorCode::refused));
}

TEST(LiveRecordsTest, TheLongestPeerRecordFitsIntoACell) {
  PeerRecord record = peer();
  record.host = std::string(10'000, '\xff');
  record.trouble = std::string(10'000, '\xff');
  record.revision = std::string(300, '\xff');
  const Endpoint longest{"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 65535};
  record.endpoint = longest;
  record.wanted = record.have = record.downloaded = record.uploaded = record.duplicate = record.failed = kMost;
  record.download_rate = 1e18;
  record.fetched_in = record.first_piece = std::chrono::milliseconds(std::numeric_limits<std::int64_t>::max());
  record.traffic.hosts.resize(1000, {longest, kMost / 1000, kMost / 1000, kMost, true});

  EXPECT_LE(encode(record).size(), kMaxCell);
  EXPECT_THAT(decode_peer(encode(record)), IsOk());
}

TEST(LiveRecordsTest, TheLongestHeartbeatFitsIntoACell) {
  HeartbeatInfo info = heartbeat();
  info.host = std::string(10'000, '\xff');
  info.traffic.hosts.resize(
      1000, {Endpoint{"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 65535}, kMost / 1000, kMost / 1000, kMost, true});

  EXPECT_LE(encode(info).size(), kMaxCell);
  EXPECT_THAT(decode_heartbeat(encode(info)), IsOk());
}

TEST(LiveRecordsTest, RecordsOfOneKindAreNotReadAsAnother) {
  EXPECT_THAT(decode_peer(encode(heartbeat())), FailsWith(ErrorCode::refused));
  EXPECT_THAT(decode_heartbeat(encode(staged())), FailsWith(ErrorCode::refused));
  EXPECT_THAT(decode_staged(encode(peer())), FailsWith(ErrorCode::refused));
}

TEST(LiveRecordsTest, EveryTruncationIsRefused) {
  const std::string beat = encode(heartbeat());
  for (std::size_t size = 0; size < beat.size(); ++size) {
    EXPECT_THAT(decode_heartbeat(std::string_view(beat).substr(0, size)), FailsWith(ErrorCode::refused)) << size;
  }
  const std::string record = encode(peer());
  for (std::size_t size = 0; size < record.size(); ++size) {
    EXPECT_THAT(decode_peer(std::string_view(record).substr(0, size)), FailsWith(ErrorCode::refused)) << size;
  }
  const std::string stage = encode(staged());
  for (std::size_t size = 0; size < stage.size(); ++size) {
    EXPECT_THAT(decode_staged(std::string_view(stage).substr(0, size)), FailsWith(ErrorCode::refused)) << size;
  }
}

namespace {

class PeerLine : public testing::TestWithParam<const char*> {};
class HeartbeatLine : public testing::TestWithParam<const char*> {};

}  // namespace

TEST_P(PeerLine, MustBeThere) {
  EXPECT_THAT(decode_peer(without_line(encode(peer()), GetParam())), FailsWith(ErrorCode::refused, GetParam()));
}
INSTANTIATE_TEST_SUITE_P(Keys, PeerLine,
                         testing::Values("id", "counter", "host", "endpoint", "active", "revision", "target",
                                         "info-hash", "wanted", "have", "complete", "download-rate", "downloaded",
                                         "uploaded", "trouble"));

TEST_P(HeartbeatLine, MustBeThere) {
  EXPECT_THAT(decode_heartbeat(without_line(encode(heartbeat()), GetParam())),
              FailsWith(ErrorCode::refused, GetParam()));
}
INSTANTIATE_TEST_SUITE_P(Keys, HeartbeatLine,
                         testing::Values("counter", "host", "phase", "files", "read", "packed", "copies", "peers",
                                         "endpoint"));

TEST(LiveRecordsTest, TheCellOfAClaimHasAProperName) {
  EXPECT_EQ(claim_cell(Position{42}, "0123456789abcdef"), "00000042-01234567");
}

// Who is live.

namespace {

class LivePeersTest : public testing::Test {
protected:
  LivePeersTest() { state_->clock = &clock_; }
  void write(const std::string& id) { EXPECT_THAT(share_.write_cell(CellKind::peer, id, encode(peer(id))), IsOk()); }
  std::set<std::string> live(std::size_t limit = 0, WallTime reference = {}) {
    const auto peers = live_peers(share_, limit, reference);
    EXPECT_THAT(peers, IsOk());
    std::set<std::string> ids;
    for (const SeenPeer& each : peers.value_or(std::vector<SeenPeer>())) {
      EXPECT_TRUE(ids.insert(each.record.id).second) << each.record.id << " twice";
    }
    return ids;
  }

  FakeClock clock_;
  std::shared_ptr<MemoryShareState> state_ = std::make_shared<MemoryShareState>();
  MemoryShare share_{state_};
};

using Ids = std::set<std::string>;

}  // namespace

TEST_F(LivePeersTest, NobodyIsThereAtFirst) {
  EXPECT_EQ(live(), Ids{});
}

TEST_F(LivePeersTest, WhoWroteIsLive) {
  write("a");
  write("b");

  EXPECT_EQ(live(), (Ids{"a", "b"}));
}

TEST_F(LivePeersTest, WhoIsSilentForLongerThanTheNewestIsNotLive) {
  write("silent");
  clock_.advance(kPeerSilence + 1s);
  write("awake");

  EXPECT_EQ(live(), Ids{"awake"});
}

TEST_F(LivePeersTest, WhoWroteAtTheLastMomentIsLive) {
  write("slow");
  clock_.advance(kPeerSilence);
  write("awake");

  EXPECT_EQ(live(), (Ids{"slow", "awake"}));
}

TEST_F(LivePeersTest, AReferenceTellsThatAllAreSilent) {
  write("silent");
  clock_.advance(kPeerSilence + 1s);

  EXPECT_EQ(live(0, clock_.wall()), Ids{});
}

TEST_F(LivePeersTest, AnOldReferenceSilencesNobody) {
  write("a");

  EXPECT_EQ(live(0, clock_.wall() - 24h), Ids{"a"});
}

TEST_F(LivePeersTest, NoMoreAreReadThanAskedFor) {
  for (int i = 0; i < 20; ++i) {
    write("peer-" + std::to_string(i));
  }
  int reads = 0;
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    reads += operation == "read_cell" ? 1 : 0;
    return std::nullopt;
  };

  EXPECT_EQ(live(5).size(), 5U);
  EXPECT_EQ(reads, 5);
}

TEST_F(LivePeersTest, EverybodyIsAskedSoonerOrLater) {
  for (int i = 0; i < 10; ++i) {
    write("peer-" + std::to_string(i));
  }
  Ids seen;
  for (int i = 0; i < 1000 && seen.size() < 10; ++i) {
    seen.merge(live(2));
  }

  EXPECT_EQ(seen.size(), 10U);
}

TEST_F(LivePeersTest, ADamagedRecordIsLeftOut) {
  write("a");
  ASSERT_OK(share_.write_cell(CellKind::peer, "b", "garbage"));

  EXPECT_EQ(live(), Ids{"a"});
}

TEST_F(LivePeersTest, ADamagedRecordSilencesNobody) {
  write("a");
  clock_.advance(kPeerSilence + 1s);
  ASSERT_OK(share_.write_cell(CellKind::peer, "b", "garbage"));

  EXPECT_EQ(live(), Ids{"a"});
}

TEST_F(LivePeersTest, ACellThatCannotBeReadAtTheMomentIsLeftOut) {
  write("a");
  write("b");
  bool first = true;
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    return operation == "read_cell" && std::exchange(first, false)
               ? std::optional(Error{ErrorCode::temporary, "half written", ""})
               : std::nullopt;
  };

  EXPECT_EQ(live(), Ids{"b"});
}

TEST_F(LivePeersTest, AShareThatCannotBeListedIsAnError) {
  share_.before = [](std::string_view) { return std::optional(Error{ErrorCode::temporary, "away", ""}); };

  EXPECT_THAT(live_peers(share_, 0), FailsWith(ErrorCode::temporary));
}

}  // namespace swarmout::test
