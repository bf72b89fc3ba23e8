// Strangers at hosts' ports: what they name is not dialled, what they claim is not believed, what they take is not more
// than an address's part.

#include "tests/common/swarm/strangers.hpp"
#include "tests/common/swarm/swarm_hosts.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/tcp_server.hpp"

#include <fmt/format.h>

#include <atomic>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

/// Counts who connects.
struct Bystander {
  std::atomic<int> connections{0};
  TcpServer server{[this](int, const std::stop_token&) { ++connections; }};

  [[nodiscard]] Endpoint endpoint() const { return parse_endpoint(server.endpoint()).value(); }
};

class SwarmStrangersTest : public SwarmTest {
protected:
  static SwarmSettings listening(const std::string& address, const std::string& allow = "") {
    SwarmSettings settings;
    settings.listen_address = address;
    if (!allow.empty()) {
      settings.allow = AddressSet::parse(allow).value();
    }
    return settings;
  }
  /// One that takes connections.
  Host make_serving(const SwarmSettings& settings) {
    Host seeder = make_seeder(settings);
    EXPECT_TRUE(all_arrive({&seeder}, {&seeder}));
    return seeder;
  }
  std::string fast_hello() const { return hello(torrent_, std::string("\0\0\0\0\0\0\0\x04", 8)); }
  /// Lets them work for as long as an attempt to connect would need.
  static void pass(const std::vector<Host*>& hosts, std::chrono::milliseconds span) {
    const auto end = Steady::now() + span;
    ASSERT_TRUE(poll_until(hosts, [&] { return Steady::now() > end; }));
  }
};

}  // namespace

TEST_F(SwarmStrangersTest, WhomAStrangerNamesByPexIsNotDialled) {
  const Bystander named;
  Host clone = make_clone("clone", {});
  const RawClient stranger(clone.session->endpoint(), "127.0.0.9");
  ASSERT_TRUE(stranger.connected());
  const std::string extensions("\0\0\0\0\0\x10\0\x04", 8);
  const std::string hello_of_extensions = std::string("\x14\0", 2) + "d1:md6:ut_pexi1eee";
  const std::string added = compact(named.endpoint());
  // Whatever number the clone has for PEX; libtorrent's is 1.
  const std::string pex =
      std::string("\x14\x01", 2) + "d5:added6:" + added + "7:added.f1:" + std::string(1, '\0') + "e";
  ASSERT_TRUE(stranger.send(hello(torrent_, extensions) + framed(hello_of_extensions) + framed(pex)));

  pass({&clone}, 4s);

  EXPECT_EQ(named.connections, 0);
}

TEST_F(SwarmStrangersTest, WithAllowOthersAreClosedBeforeTheySayAnything) {
  Host seeder = make_serving(listening("127.0.0.1", "127.0.0.1"));
  const RawClient stranger(seeder.session->endpoint(), "127.0.0.9");
  const RawClient friendly(seeder.session->endpoint(), "127.0.0.1");
  ASSERT_TRUE(friendly.send(fast_hello()));

  EXPECT_TRUE(poll_until({&seeder}, [&] { return stranger.closed(); }));
  EXPECT_FALSE(friendly.heard(1s).empty());
}

TEST_F(SwarmStrangersTest, WithAllowOthersAreNotDialledWhoeverNamesThem) {
  Host other = make_serving(listening("127.0.0.9"));
  Host clone = make_host("clone", listening("127.0.0.1", "127.0.0.0/29"));
  add(clone, {}, {other.session->endpoint()});
  clone.session->connect(torrent_.info_hash, {other.session->endpoint()});

  pass({&other, &clone}, 3s);

  EXPECT_EQ(other.session->status(torrent_.info_hash).connected, 0);
  EXPECT_EQ(clone.session->status(torrent_.info_hash).connected, 0);
}

TEST_F(SwarmStrangersTest, WithAllowATrackerElsewhereIsNotAsked) {
  const Bystander tracker;
  Host clone = make_host("clone", listening("127.0.0.2", "127.0.0.2/31"));
  SwarmContent content{torrent_.bytes, clone.directory, {}, false, {}};
  content.trackers = {tracker.endpoint()};
  ASSERT_THAT(clone.session->add(content), IsOk());
  clone.session->set_trackers(torrent_.info_hash, {});
  clone.session->set_trackers(torrent_.info_hash, {tracker.endpoint()});

  pass({&clone}, 3s);

  EXPECT_EQ(tracker.connections, 0);
}

TEST_F(SwarmStrangersTest, ATrackerDoesNotLeadBeyondWhatIsAllowed) {
  const TcpServer tracker([](int socket, const std::stop_token& stop) {
    if (read_http(socket, stop)) {
      send_text(socket, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.9:9999/announce\r\nContent-Length: 0\r\n\r\n");
    }
  });
  Host other = make_serving(listening("127.0.0.9"));
  Host clone = make_host("clone", listening("127.0.0.1", "127.0.0.1"));
  SwarmContent content{torrent_.bytes, clone.directory, {}, false, {}};
  content.trackers = {parse_endpoint(tracker.endpoint()).value()};
  ASSERT_THAT(clone.session->add(content), IsOk());

  pass({&other, &clone}, 3s);

  EXPECT_EQ(clone.session->status(torrent_.info_hash).connected, 0);
}

TEST_F(SwarmStrangersTest, AnEndlessListOfATrackerIsNotFollowed) {
  const Bystander named;
  std::atomic<int> asked{0};
  std::string peers;
  for (int each = 0; each < 1000; ++each) {
    peers += compact(named.endpoint());
  }
  const TcpServer tracker([&](int socket, const std::stop_token& stop) {
    if (read_http(socket, stop)) {
      ++asked;
      send_text(socket, http_answer(200, fmt::format("d8:intervali60e5:peers{}:{}e", peers.size(), peers)));
    }
  });
  Host clone = make_host("clone");
  SwarmContent content{torrent_.bytes, clone.directory, {}, false, {}};
  content.trackers = {parse_endpoint(tracker.endpoint()).value()};
  ASSERT_THAT(clone.session->add(content), IsOk());
  ASSERT_TRUE(poll_until({&clone}, [&] { return asked > 0; }));

  pass({&clone}, 2s);

  EXPECT_EQ(named.connections, 0);
}

TEST_F(SwarmStrangersTest, WhoDoesNotSpeakTheProtocolIsTriedAFewTimesHoweverOftenItIsNamed) {
  const Bystander named;
  Host clone = make_clone("clone", {named.endpoint()});
  const auto end = Steady::now() + 20s;

  ASSERT_TRUE(poll_until({&clone}, [&] {
    clone.session->connect(torrent_.info_hash, {named.endpoint()});
    return Steady::now() > end;
  }));

  EXPECT_GE(named.connections, 1);
  EXPECT_LE(named.connections, 12) << "four at first, and two after each pause of the dial book";
}

TEST_F(SwarmStrangersTest, AHundredConnectionsOfAStrangerLeaveAnHonestHostItsPart) {
  SwarmSettings slow = listening("127.0.0.1");
  slow.limits.upload = 4 * kMiB;  // then the line is what is shared, not the processor
  Host seeder = make_serving(slow);
  Strangers strangers(seeder.session->endpoint(), "127.0.0.2", 99, fast_hello());
  ASSERT_TRUE(poll_until({&seeder}, [&] { return strangers.received() > 1 * kMiB; })) << "they are being served";

  const Bytes before = strangers.received();
  Host honest = make_host("honest", listening("127.0.0.3"));
  add(honest, {}, {seeder.session->endpoint()});
  ASSERT_TRUE(all_arrive({&seeder, &honest}, {&honest}));

  expect_payload(honest);
  EXPECT_LE(strangers.received() - before, 20 * total()) << "two connections' worth, and what was on its way";
}

TEST_F(SwarmStrangersTest, StrangersThatTakeEveryPlaceGiveOneUp) {
  SwarmSettings slow = listening("127.0.0.1");
  slow.limits.upload = 4 * kMiB;
  Host seeder = make_serving(slow);
  Strangers strangers(seeder.session->endpoint(), "127.0.0.2", 160, fast_hello());
  ASSERT_TRUE(poll_until({&seeder}, [&] { return seeder.session->status(torrent_.info_hash).connected >= 90; }));

  Host honest = make_host("honest", listening("127.0.0.3"));
  add(honest, {}, {seeder.session->endpoint()});

  ASSERT_TRUE(all_arrive({&seeder, &honest}, {&honest}));
}

TEST_F(SwarmStrangersTest, OfAnAddressThereAreNoMoreConnectionsThanItMayHave) {
  SwarmSettings settings = listening("127.0.0.1");
  settings.connections_per_address = 3;
  Host seeder = make_serving(settings);
  Strangers strangers(seeder.session->endpoint(), "127.0.0.2", 20, fast_hello());

  pass({&seeder}, 2s);

  EXPECT_LE(seeder.session->status(torrent_.info_hash).connected, 3);
}

class GateAndStrangers : public SwarmStrangersTest {
protected:
  /// A host that asks for a block of one piece, and what it is answered: 7 it is served, 16 it is refused, 0 neither.
  class Asker {
  public:
    Asker(const Endpoint& seeder, const std::string& source, const std::string& greeting)
        : client_(seeder, source), sent_(client_.send(as_another(greeting) + framed("\x02"))) {}  // interested
    int ask(Host& seeder, int piece) {
      heard_ += client_.heard(200ms);
      const std::size_t from = heard_.size();
      EXPECT_TRUE(sent_ && client_.send(framed("\x06" + number(piece) + number(0) + number(16384))));
      EXPECT_TRUE(poll_until({&seeder}, [&] {
        heard_ += client_.heard(20ms);
        return answer(from) != 0;
      }));
      return answer(from);
    }

  private:
    int answer(std::size_t from) const {
      for (std::size_t at = from; at + 5 <= heard_.size();) {
        const int kind = heard_[at + 4];
        if (kind == 7 || kind == 16) {
          return kind;
        }
        at += 4 + size_at(heard_, at);
      }
      return 0;
    }
    RawClient client_;
    bool sent_;
    std::string heard_;
  };
  std::string greeting(char kind) const { return fast_hello() + framed(std::string(1, kind)); }
  static constexpr char kHaveAll = 0x0e;
  static constexpr char kHaveNone = 0x0f;
  static constexpr int kPiece = 20;  // of the large file
};

TEST_F(GateAndStrangers, HaveAllOfAStrangerDoesNotMakePiecesLeaveTwice) {
  Host seeder = make_serving(listening("127.0.0.1"));
  seeder.session->know({{"127.0.0.2", 6881}, {"127.0.0.3", 6881}});
  const RawClient stranger(seeder.session->endpoint(), "127.0.0.9");
  ASSERT_TRUE(stranger.send(as_another(greeting(kHaveAll))));
  pass({&seeder}, 500ms);
  Asker first(seeder.session->endpoint(), "127.0.0.2", greeting(kHaveNone));
  Asker second(seeder.session->endpoint(), "127.0.0.3", greeting(kHaveNone));

  EXPECT_EQ(first.ask(seeder, kPiece), 7);
  EXPECT_EQ(second.ask(seeder, kPiece), 16) << "it was given to the first one, and there are others to be had";
}

TEST_F(GateAndStrangers, HaveAllOfAHostOfTheFleetDoesAlsoWhenTheRecordComesLater) {
  Host seeder = make_serving(listening("127.0.0.1"));
  const RawClient whole(seeder.session->endpoint(), "127.0.0.9");
  ASSERT_TRUE(whole.send(as_another(greeting(kHaveNone)) + framed("\x04" + number(kPiece))));
  pass({&seeder}, 500ms);
  seeder.session->know({{"127.0.0.2", 6881}, {"127.0.0.3", 6881}, {"127.0.0.9", 6881}});
  pass({&seeder}, 1500ms);
  Asker first(seeder.session->endpoint(), "127.0.0.2", greeting(kHaveNone));

  EXPECT_EQ(first.ask(seeder, kPiece), 16) << "somebody else has it";
}

}  // namespace swarmout::test
