// How many requests a host takes of each other one: few where many share its line.

#include "common/swarm/libtorrent_params.hpp"
#include "tests/common/swarm/swarm_hosts.hpp"
#include "tests/support/raw_client.hpp"

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;

class SwarmQueuesTest : public SwarmTest {
protected:
  /// What the host says in its extension handshake (BEP 10), once its torrent is ready.
  std::string introduction(Host& host) const {
    const std::string extensions{'\0', '\0', '\0', '\0', '\0', '\x10', '\0', '\0'};
    std::string said;
    EXPECT_TRUE(poll_until({&host}, [&] {
      const RawClient client(host.session->endpoint());
      client.send(hello(torrent_, extensions));
      said = client.heard(std::chrono::milliseconds(300));
      return !said.empty();
    }));
    return said;
  }
};

}  // namespace

TEST_F(SwarmQueuesTest, TheMoreHostsThereAreTheFewerRequestsEachMayHave) {
  for (const SwarmRole role : {SwarmRole::seeder, SwarmRole::clone}) {
    int before = requests_taken(role, {});
    for (const std::size_t hosts : {1U, 2U, 10U, 20U, 50U, 100U, 1000U, 100'000U}) {
      const int now = requests_taken(role, {hosts, 32 * kKiB, true});
      EXPECT_LE(now, before) << hosts;
      EXPECT_GE(now, 2) << "one on its way, one that waits";
      before = now;
    }
    EXPECT_LT(before, requests_taken(role, {}));
  }
}

TEST_F(SwarmQueuesTest, ASeedersLineIsKeptFullByDeeperQueuesThanAClones) {
  for (const std::size_t hosts : {10U, 20U, 50U, 1000U}) {
    const SwarmShape shape{hosts, 32 * kKiB, true};
    EXPECT_GT(requests_taken(SwarmRole::seeder, shape), requests_taken(SwarmRole::clone, shape)) << hosts;
  }
}

TEST_F(SwarmQueuesTest, AnyHostMayAskASeederForTwoPiecesHoweverLongTheseAre) {
  for (const Bytes piece : {32 * kKiB, 128 * kKiB, 4 * kMiB}) {
    const SwarmShape shape{1000, piece, true};
    const int two = static_cast<int>(2 * piece / kLeafSize);
    EXPECT_GE(requests_taken(SwarmRole::seeder, shape), two) << piece;
    EXPECT_GE(requests_made(shape), two) << piece;
  }
}

TEST_F(SwarmQueuesTest, AHostSaysHowManyRequestsItTakesAndMoreOnceItHasEverything) {
  Host seeder = make_seeder();
  Host clone = make_host("clone");
  clone.session->expect(100);
  add(clone, {}, {});

  EXPECT_THAT(introduction(clone), HasSubstr("4:reqqi2e"));

  clone.session->connect(torrent_.info_hash, {seeder.session->endpoint()});
  ASSERT_TRUE(all_arrive({&seeder, &clone}, {&clone}));

  EXPECT_THAT(introduction(clone), HasSubstr("4:reqqi32e"));
}

TEST_F(SwarmQueuesTest, ASeederSaysSoToo) {
  SwarmSettings settings;
  settings.role = SwarmRole::seeder;
  Host seeder = make_host("seeder", settings);
  seeder.session->expect(20);
  add(seeder, {}, {});

  EXPECT_THAT(introduction(seeder), HasSubstr("4:reqqi12e"));
}

}  // namespace swarmout::test
