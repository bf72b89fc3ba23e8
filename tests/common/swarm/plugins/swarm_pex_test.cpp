// Peer exchange: the way to others when share and tracker say nothing, and not to be followed by those who know enough.

#include "tests/common/swarm/swarm_hosts.hpp"

namespace swarmout::test {

class SwarmPexTest : public SwarmTest {
protected:
  /// As many peers as make a host content, all of them dead.
  static std::vector<Endpoint> dead_ones() {
    std::vector<Endpoint> peers(kPeersToBegin);
    for (std::size_t each = 0; each < peers.size(); ++each) {
      peers[each] = {"127.0.0.2", static_cast<std::uint16_t>(each + 1)};
    }
    return peers;
  }
  /// Those that are being tried count for a moment, too.
  int fellows(const Host& host) const { return host.session->status(torrent_.info_hash).connected; }
};

TEST_F(SwarmPexTest, OneThatKnowsASingleHostLearnsOfTheOthersAndOneThatWasToldOfEnoughDoesNot) {
  Host far = make_clone("far", dead_ones());
  Host known = make_clone("known", {far.session->endpoint()});
  std::vector<Endpoint> enough = dead_ones();
  enough.push_back(known.session->endpoint());
  Host told = make_clone("told", enough);
  ASSERT_TRUE(poll_until({&far, &known, &told}, [&] { return fellows(far) == 1 && fellows(told) == 1; }));

  Host lonely = make_clone("lonely", {known.session->endpoint()});
  const std::vector<Host*> all{&far, &known, &told, &lonely};
  ASSERT_TRUE(poll_until(all, [&] { return fellows(lonely) == 3; })) << "by PEX alone";
  const auto later = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  ASSERT_TRUE(poll_until(all, [&] { return std::chrono::steady_clock::now() > later; }));

  EXPECT_TRUE(poll_until(all, [&] { return fellows(far) == 2 && fellows(told) == 2; }))
      << "the known and the lonely one";
}

}  // namespace swarmout::test
