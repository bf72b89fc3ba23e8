#include "common/swarm/tracker/tracker_codec.hpp"

#include "tests/support/name_of.hpp"
#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using Event = Announcement::Event;

const std::string kAddress("\xc0\x00\x02\x01", 4);
const std::string kHash = "%01%02%03%04%05%06%07%08%09%0a%0b%0c%0d%0e%0f%10%11%12%13%00";
const std::string kId = "-SW0100-abcdefghijkl";

std::string query(const std::string& more = "", const std::string& port = "6881") {
  return "info_hash=" + kHash + "&peer_id=" + kId + "&port=" + port + more;
}

}  // namespace

TEST(TrackerCodec, AnAnnounceIsRead) {
  ASSERT_OK_AND_ASSIGN(
      const Announcement said,
      parse_announce(query("&uploaded=1&downloaded=2&left=3&event=started&numwant=4&compact=1"), kAddress));

  EXPECT_EQ(std::string(said.swarm.data(), said.swarm.size()),
            std::string("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x00", 20));
  EXPECT_EQ(said.from, compact_peer({"192.0.2.1", 6881}));
  EXPECT_EQ(said.event, Event::started);
  EXPECT_FALSE(said.complete);
  EXPECT_EQ(said.wanted, 4U);
}

TEST(TrackerCodec, TheLeastThatAnAnnounceNeedsIsEnough) {
  ASSERT_OK_AND_ASSIGN(const Announcement said, parse_announce(query(), kAddress));

  EXPECT_EQ(said.event, Event::regular);
  EXPECT_FALSE(said.complete);
  EXPECT_EQ(said.wanted, std::nullopt);
}

TEST(TrackerCodec, WhoHasNothingLeftIsComplete) {
  EXPECT_TRUE(parse_announce(query("&left=0"), kAddress)->complete);
}

TEST(TrackerCodec, AnUnlimitedNumberOfPeersIsWantedWithMinusOne) {
  EXPECT_EQ(parse_announce(query("&numwant=-1"), kAddress)->wanted, std::nullopt);
}

TEST(TrackerCodec, NobodyCanAnnounceAnotherAddress) {
  const auto said =
      parse_announce(query("&ip=198.51.100.1&ipv4=198.51.100.1%3A80&ipv6=%5B2001%3Adb8%3A%3A1%5D%3A80"), kAddress);

  EXPECT_EQ(said->from, compact_peer({"192.0.2.1", 6881}));
}

TEST(TrackerCodec, AnAddressOfIpV6IsKept) {
  const CompactPeer peer = compact_peer({"2001:db8::1", 6881});

  EXPECT_EQ(parse_announce(query(), peer.substr(0, 16))->from, peer);
}

TEST(TrackerCodec, ParametersThatNobodyKnowsAreIgnored) {
  EXPECT_THAT(parse_announce(query("&key=1F&&supportcrypto=1&supportcrypto=1&=&x&corrupt=%zz"), kAddress), IsOk());
}

namespace {

struct EventCase {
  const char* name;
  Event expected;
};
class TrackerEvent : public testing::TestWithParam<EventCase> {};

}  // namespace

TEST_P(TrackerEvent, IsRead) {
  EXPECT_EQ(parse_announce(query(std::string("&event=") + GetParam().name), kAddress)->event, GetParam().expected);
}
INSTANTIATE_TEST_SUITE_P(Events, TrackerEvent,
                         testing::Values(EventCase{"started", Event::started}, EventCase{"completed", Event::completed},
                                         EventCase{"stopped", Event::stopped}, EventCase{"paused", Event::regular}),
                         kNameOf);

namespace {

struct BadQuery {
  const char* name;
  std::string query;
  const char* message;
};
class BadAnnounce : public testing::TestWithParam<BadQuery> {};

const std::string kRest = "&peer_id=" + kId + "&port=6881";

}  // namespace

TEST_P(BadAnnounce, IsRefused) {
  EXPECT_THAT(parse_announce(GetParam().query, kAddress), FailsWith(ErrorCode::refused, GetParam().message));
}
INSTANTIATE_TEST_SUITE_P(
    Queries, BadAnnounce,
    testing::Values(BadQuery{"Empty", "", "info_hash is missing"}, BadQuery{"NoInfoHash", kRest.substr(1), "info_hash"},
                    BadQuery{"NoPeerId", "info_hash=" + kHash + "&port=6881", "peer_id is missing"},
                    BadQuery{"NoPort", "info_hash=" + kHash + "&peer_id=" + kId, "port is missing"},
                    BadQuery{"HalfAnEscape", "info_hash=" + kHash.substr(0, kHash.size() - 1) + kRest, "encoding"},
                    BadQuery{"EscapeCutOff", "info_hash=" + kHash.substr(0, kHash.size() - 2) + kRest, "encoding"},
                    BadQuery{"EscapeNotHexadecimal", "info_hash=%g0" + kHash.substr(3) + kRest, "encoding"},
                    BadQuery{"EscapeWithASign", "info_hash=%-1" + kHash.substr(3) + kRest, "encoding"},
                    BadQuery{"InfoHashTooShort", "info_hash=" + kHash.substr(3) + kRest, "not 20 bytes"},
                    BadQuery{"InfoHashTooLong", "info_hash=x" + kHash + kRest, "not 20 bytes"},
                    BadQuery{"InfoHashOf32Bytes", "info_hash=" + kHash + "abcdefghijkl" + kRest, "not 20 bytes"},
                    BadQuery{"InfoHashTwice", query("&info_hash=" + kHash), "given twice"},
                    BadQuery{"PortTwice", query("&port=1"), "given twice"},
                    BadQuery{"PeerIdTooLong", query().replace(query().find(kId), 0, "x"), "peer_id is not 20"},
                    BadQuery{"PortZero", query("", "0"), "port is not a number from 1"},
                    BadQuery{"PortTooLarge", query("", "65536"), "port"},
                    BadQuery{"PortNegative", query("", "-1"), "port"}, BadQuery{"PortEmpty", query("", ""), "port"},
                    BadQuery{"PortWithMore", query("", "80x"), "port"},
                    BadQuery{"LeftNegative", query("&left=-1"), "left"},
                    BadQuery{"LeftBeyondANumber", query("&left=99999999999999999999"), "left"},
                    BadQuery{"NumwantNoNumber", query("&numwant=all"), "numwant"},
                    BadQuery{"UnknownEvent", query("&event=exploded"), "event"}),
    kNameOf);

// Scrape.

TEST(TrackerCodec, AScrapeNamesNoneOneOrMany) {
  EXPECT_EQ(parse_scrape("")->size(), 0U);
  EXPECT_EQ(parse_scrape("info_hash=" + kHash)->size(), 1U);
  EXPECT_EQ(parse_scrape("info_hash=" + kHash + "&x=y&info_hash=aaaaaaaaaaaaaaaaaaaa")->size(), 2U);
}

TEST(TrackerCodec, AScrapeOfNoProperHashIsRefused) {
  EXPECT_THAT(parse_scrape("info_hash=short"), FailsWith(ErrorCode::refused, "20 bytes"));
  EXPECT_THAT(parse_scrape("info_hash=" + kHash + "&info_hash=%"), FailsWith(ErrorCode::refused, "encoding"));
}

// Answers.

TEST(TrackerCodec, AnAnswerIsADictionaryInOrder) {
  EXPECT_EQ(encode(AnnounceAnswer{60s, 15s, 1, 2, {}}),
            "d8:completei1e10:incompletei2e8:intervali60e12:min intervali15e5:peers0:e");
}

TEST(TrackerCodec, PeersOfBothFamiliesAreInStringsOfTheirOwn) {
  const CompactPeer v4 = compact_peer({"192.0.2.1", 1});
  const CompactPeer v6 = compact_peer({"2001:db8::1", 2});

  EXPECT_EQ(
      encode(AnnounceAnswer{60s, 15s, 0, 0, {v4, v6, v4}}),
      "d8:completei0e10:incompletei0e8:intervali60e12:min intervali15e5:peers12:" + v4 + v4 + "6:peers618:" + v6 + "e");
}

TEST(TrackerCodec, AScrapeIsAnsweredByHash) {
  SwarmKey key{};
  key.fill('h');

  EXPECT_EQ(encode(std::map<SwarmKey, SwarmCounts>{{key, {1, 2, 3}}}),
            "d5:filesd20:hhhhhhhhhhhhhhhhhhhhd8:completei1e10:downloadedi3e10:incompletei2eeee");
  EXPECT_EQ(encode(std::map<SwarmKey, SwarmCounts>{}), "d5:filesdee");
}

TEST(TrackerCodec, AFailureSaysWhy) {
  EXPECT_EQ(encode_failure("no"), "d14:failure reason2:noe");
}

}  // namespace swarmout::test
