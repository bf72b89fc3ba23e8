#include "common/swarm/tracker/tracker_server.hpp"

#include "tests/support/fake_clock.hpp"
#include "tests/support/name_of.hpp"
#include "tests/support/process.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/wait_for.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <vector>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class TrackerServerTest : public testing::Test {
protected:
  void open(TrackerSettings settings = {}) {
    auto opened = TrackerServer::open(settings, clock_);
    ASSERT_THAT(opened, IsOk());
    tracker_ = *std::move(opened);
    tracker_->serve(key(), seeder_);
  }
  static SwarmKey key() {
    SwarmKey key{};
    key.fill('h');
    return key;
  }
  static std::string get(const std::string& target, const std::string& headers = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: tracker\r\n" + headers + "\r\n";
  }
  static std::string announce(std::uint16_t port, const std::string& more = "&left=1") {
    return get(
        fmt::format("/announce?info_hash=hhhhhhhhhhhhhhhhhhhh&peer_id=-XX0000-abcdefghijkl&port={}{}", port, more));
  }
  /// The answer to one request on a connection of its own; "" if there is none.
  std::string ask(const std::string& request, const std::string& source = "") const {
    const RawClient client(tracker_->endpoint(), source);
    return client.send(request) ? client.answer().value_or("") : "";
  }
  std::string scrape() const { return ask(get("/scrape")); }
  static std::string written(const Endpoint& peer) { return compact_peer(peer); }

  const Endpoint seeder_{"192.0.2.1", 0x4141};
  FakeClock clock_;
  std::unique_ptr<TrackerServer> tracker_;
};

const std::string kAnnounce =
    "/announce?info_hash=hhhhhhhhhhhhhhhhhhhh&peer_id=-XX0000-abcdefghijkl&port=6881&left=1&compact=1";

}  // namespace

TEST_F(TrackerServerTest, ItListensWhereItSays) {
  open();

  EXPECT_EQ(tracker_->endpoint().address, "127.0.0.1");
  EXPECT_TRUE(RawClient(tracker_->endpoint()).connected());
}

TEST_F(TrackerServerTest, ATakenPortIsATemporaryFailure) {
  open();
  TrackerSettings settings;
  settings.listen_port = tracker_->endpoint().port;

  EXPECT_THAT(TrackerServer::open(settings, clock_), FailsWith(ErrorCode::temporary, "the tracker cannot listen on"));
}

TEST_F(TrackerServerTest, AnAddressOfAnotherMachineIsATemporaryFailure) {
  TrackerSettings settings;
  settings.listen_address = "192.0.2.1";

  EXPECT_THAT(TrackerServer::open(settings, clock_), FailsWith(ErrorCode::temporary, "192.0.2.1"));
}

TEST_F(TrackerServerTest, ItsPortIsFreeAgainAtOnceAfterItsEnd) {
  open();
  EXPECT_THAT(ask(announce(1)), StartsWith("HTTP/1.1 200"));
  TrackerSettings settings;
  settings.listen_port = tracker_->endpoint().port;
  tracker_.reset();

  EXPECT_THAT(TrackerServer::open(settings, clock_), IsOk());
}

TEST_F(TrackerServerTest, AHostIsToldOfTheSeederAndOfThoseThatCameBefore) {
  open();

  EXPECT_THAT(ask(announce(1111)), HasSubstr("5:peers6:" + written(seeder_) + "e"));
  const std::string second = ask(announce(2222));

  EXPECT_THAT(second, HasSubstr("5:peers12:"));
  EXPECT_THAT(second, HasSubstr(written({"127.0.0.1", 1111})));
}

TEST_F(TrackerServerTest, AHostIsKnownByTheAddressItsConnectionComesFrom) {
  open();
  EXPECT_THAT(ask(announce(1111, "&ip=198.51.100.1&left=1"), "127.0.0.2"), StartsWith("HTTP/1.1 200"));

  const std::string answer = ask(announce(2222), "127.0.0.3");

  EXPECT_THAT(answer, HasSubstr(written({"127.0.0.2", 1111})));
  EXPECT_THAT(answer, Not(HasSubstr(written({"198.51.100.1", 1111}))));
}

TEST_F(TrackerServerTest, HostsOnIpV6AreInAStringOfTheirOwn) {
  TrackerSettings settings;
  settings.listen_address = "::1";
  open(settings);
  EXPECT_THAT(ask(announce(1111)), StartsWith("HTTP/1.1 200"));

  EXPECT_THAT(ask(announce(2222)), HasSubstr("6:peers618:" + written({"::1", 1111}) + "e"));
}

TEST_F(TrackerServerTest, AnIpV4HostThatComesOverIpV6IsAnIpV4Host) {
  TrackerSettings settings;
  settings.listen_address = "::";
  open(settings);
  const Endpoint reached{"127.0.0.1", tracker_->endpoint().port};
  const RawClient first(reached);
  ASSERT_TRUE(first.send(announce(1111)) && first.answer());
  const RawClient second(reached);
  ASSERT_TRUE(second.send(announce(2222)));

  EXPECT_THAT(second.answer().value_or(""), HasSubstr(written({"127.0.0.1", 1111})));
}

TEST_F(TrackerServerTest, AScrapeCounts) {
  open();
  ask(announce(1111));
  ask(announce(2222, "&left=0&event=completed"));

  EXPECT_THAT(scrape(), HasSubstr("d5:filesd20:hhhhhhhhhhhhhhhhhhhhd8:completei2e10:downloadedi1e10:incompletei1eeee"));
}

TEST_F(TrackerServerTest, ASwarmThatIsNotServedIsAFailureOfTheProtocolAndNotOfHttp) {
  open();
  const std::string answer = ask(get("/announce?info_hash=xxxxxxxxxxxxxxxxxxxx&peer_id=-XX0000-abcdefghijkl&port=1"));

  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, HasSubstr("d14:failure reason40:this tracker does not serve that torrente"));
  EXPECT_THAT(scrape(), Not(HasSubstr("xxxx")));
}

TEST_F(TrackerServerTest, ABadAnnounceIsAFailureToo) {
  open();

  EXPECT_THAT(ask(get("/announce?info_hash=%zz")), HasSubstr("failure reason"));
}

TEST_F(TrackerServerTest, OneConnectionMayAskManyTimes) {
  open();
  const RawClient client(tracker_->endpoint());

  for (std::uint16_t port = 1; port <= 20; ++port) {
    ASSERT_TRUE(client.send(announce(port)));
    ASSERT_THAT(client.answer().value_or(""), StartsWith("HTTP/1.1 200"));
  }
  EXPECT_THAT(scrape(), HasSubstr("10:incompletei20e"));
}

TEST_F(TrackerServerTest, WhoAsksForOneAnswerGetsOne) {
  open();
  const RawClient client(tracker_->endpoint());
  ASSERT_TRUE(client.send(get("/scrape", "Connection: close\r\n")));

  EXPECT_THAT(client.answer().value_or(""), HasSubstr("Connection: close"));
  EXPECT_TRUE(wait_for([&] { return client.closed(); }));
}

TEST_F(TrackerServerTest, SilentHostsAreForgottenByItsClock) {
  open();
  ask(announce(1111));
  clock_.advance(1h);

  EXPECT_THAT(scrape(), HasSubstr("10:incompletei0e"));
}

// Hosts that misbehave.

namespace {

struct BadRequest {
  const char* name;
  std::string bytes;
  const char* answer;
};
class BadHttp : public TrackerServerTest, public testing::WithParamInterface<BadRequest> {};

}  // namespace

TEST_P(BadHttp, IsAnsweredSoAndDoesNoHarm) {
  open();

  EXPECT_THAT(ask(GetParam().bytes), StartsWith(GetParam().answer));

  EXPECT_THAT(ask(announce(1111)), StartsWith("HTTP/1.1 200"));
}
INSTANTIATE_TEST_SUITE_P(
    Requests, BadHttp,
    testing::Values(
        BadRequest{"NoHttp",
                   std::string("\x13"
                               "BitTorrent protocol\r\n\r\n"),
                   "HTTP/1.1 400"},
        BadRequest{"AnotherPage", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 404"},
        BadRequest{"AnnounceWithMorePath", "GET /announce/x HTTP/1.1\r\n\r\n", "HTTP/1.1 404"},
        BadRequest{"AWholeUrl", "GET http://127.0.0.1/announce HTTP/1.1\r\n\r\n", "HTTP/1.1 404"},
        BadRequest{"Head", "HEAD /announce HTTP/1.1\r\n\r\n", "HTTP/1.1 405"},
        BadRequest{"ControlByteInTheUrl", std::string("GET /\x01 HTTP/1.1\r\n\r\n"), "HTTP/1.1 400"},
        BadRequest{"ABody", "POST /announce HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 4"},
        BadRequest{"ABodyOfBillions", "GET /scrape HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\nx", "HTTP/1.1 4"},
        BadRequest{"AHeadOfExactlyTooMuch", "GET /scrape HTTP/1.1\r\nX: " + std::string(8 * 1024, 'x') + "\r\n\r\n",
                   "HTTP/1.1 431"}),
    kNameOf);

TEST_F(TrackerServerTest, AHeaderWithoutEndIsCutOff) {
  open();
  const RawClient client(tracker_->endpoint());
  client.send("GET /scrape HTTP/1.1\r\nX: ");
  const std::string more(64 * 1024, 'x');

  std::size_t sent = 0;
  while (sent < 64 * kMiB && client.send(more)) {
    sent += more.size();
  }

  EXPECT_LT(sent, 64 * kMiB);
  EXPECT_THAT(scrape(), StartsWith("HTTP/1.1 200"));
}

TEST_F(TrackerServerTest, ARequestThatTricklesInIsCutOff) {
  TrackerSettings settings;
  settings.patience = 300ms;
  open(settings);
  const RawClient client(tracker_->endpoint());

  EXPECT_TRUE(wait_for([&] { return !client.send("G") || client.closed(); }));
}

TEST_F(TrackerServerTest, AConnectionThatSaysNothingIsCutOff) {
  TrackerSettings settings;
  settings.patience = 200ms;
  open(settings);
  const RawClient client(tracker_->endpoint());

  EXPECT_TRUE(wait_for([&] { return client.closed(); }));
}

TEST_F(TrackerServerTest, AHostThatReadsNoAnswersIsCutOff) {
  TrackerSettings settings;
  settings.patience = 500ms;
  open(settings);
  const RawClient client(tracker_->endpoint());
  std::string requests;
  for (int i = 0; i < 1000; ++i) {
    requests += get("/scrape");
  }

  std::size_t sent = 0;
  while (sent < 256 * kMiB && client.send(requests)) {
    sent += requests.size();
  }

  EXPECT_LT(sent, 256 * kMiB) << "it would have to keep the answers to all of them";
  EXPECT_THAT(scrape(), StartsWith("HTTP/1.1 200"));
}

TEST_F(TrackerServerTest, OneAddressHasOnlySoManyConnections) {
  TrackerSettings settings;
  settings.most_of_an_address = 4;
  open(settings);
  std::vector<std::unique_ptr<RawClient>> held;
  for (int i = 0; i < 4; ++i) {
    held.push_back(std::make_unique<RawClient>(tracker_->endpoint()));
    ASSERT_TRUE(held.back()->send(get("/scrape")));
    ASSERT_TRUE(held.back()->answer());
  }
  const RawClient fifth(tracker_->endpoint());

  EXPECT_TRUE(wait_for([&] { return fifth.closed(); }));
  EXPECT_THAT(ask(get("/scrape"), "127.0.0.2"), StartsWith("HTTP/1.1 200")) << "others are served";
  held.pop_back();
  EXPECT_TRUE(wait_for([&] { return !scrape().empty(); })) << "and so is this one, when there is room again";
}

TEST_F(TrackerServerTest, WhenThereAreTooManyConnectionsTheNextOnesWait) {
  TrackerSettings settings;
  settings.most_connections = 2;
  settings.patience = 300ms;
  open(settings);
  const RawClient first(tracker_->endpoint());
  const RawClient second(tracker_->endpoint());
  const RawClient third(tracker_->endpoint());
  ASSERT_TRUE(third.send(get("/scrape")));

  EXPECT_THAT(third.answer().value_or(""), StartsWith("HTTP/1.1 200")) << "after one of the others was cut off";
}

TEST_F(TrackerServerTest, ThousandsOfPortsOfOneAddressDoNotCrowdOutOthers) {
  open();
  ask(announce(1111), "127.0.0.2");
  const RawClient client(tracker_->endpoint());
  for (std::uint16_t port = 1; port <= 3000; ++port) {
    ASSERT_TRUE(client.send(announce(port)));
    ASSERT_TRUE(client.answer());
  }

  EXPECT_THAT(scrape(), HasSubstr(fmt::format("10:incompletei{}e", TrackerRules{}.most_of_an_address + 1)));
}

TEST_F(TrackerServerTest, ItEndsWhileConnectionsAreOpen) {
  open();
  const RawClient idle(tracker_->endpoint());
  const RawClient halfway(tracker_->endpoint());
  halfway.send("GET /ann");
  ask(announce(1));

  tracker_.reset();

  EXPECT_TRUE(wait_for([&] { return idle.closed() && halfway.closed(); }));
}

// Programs of others.

TEST_F(TrackerServerTest, CurlGetsAnAnswer) {
  open();
  const TempDir temp;
  const Finished curl =
      run({{"curl", "-sS", "--noproxy", "*", "-D", "-", "http://" + to_string(tracker_->endpoint()) + kAnnounce}, {}},
          temp / "curl");
  if (curl.status == 127) {
    GTEST_SKIP() << "curl is not installed";
  }

  EXPECT_EQ(curl.status, 0) << curl.err;
  EXPECT_THAT(curl.out, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(curl.out, HasSubstr("8:intervali"));
}

}  // namespace swarmout::test
