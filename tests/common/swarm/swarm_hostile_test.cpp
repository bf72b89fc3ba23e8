// One host of the swarm does not do as it should; the others get everything all the same.

#include "tests/common/swarm/swarm_hosts.hpp"
#include "tests/support/hostile_host.hpp"

namespace swarmout::test {

namespace {

class SwarmHostileTest : public SwarmTest, public testing::WithParamInterface<Hostility> {
protected:
  HostileHost make_hostile(Hostility how) const { return {torrent_.info_hash.digest, how}; }
  /// A seeder, three clones that know it, each other and the hostile host.
  void fetch_beside(const HostileHost& hostile) {
    SwarmSettings slow;
    slow.limits.upload = kMiB;  // else all is over before anybody asks the other one
    seeder_ = make_seeder(slow);
    for (int i = 0; i < 3; ++i) {
      clones_.push_back(make_host("clone-" + std::to_string(i)));
    }
    std::vector<Host*> all{&*seeder_};
    std::vector<Host*> clones;
    std::vector<Endpoint> everybody{seeder_->session->endpoint(), hostile.endpoint()};
    for (Host& each : clones_) {
      everybody.push_back(each.session->endpoint());
    }
    for (Host& each : clones_) {
      add(each, {}, everybody);
      all.push_back(&each);
      clones.push_back(&each);
    }
    ASSERT_TRUE(all_arrive(all, clones));
    for (const Host& each : clones_) {
      expect_payload(each);
    }
    EXPECT_GT(hostile.requests(), 0) << "nobody asked it, so nothing was tested";
  }

  std::optional<Host> seeder_;
  std::vector<Host> clones_;
};

std::string name_of(const testing::TestParamInfo<Hostility>& how) {
  switch (how.param) {
    case Hostility::stalls:
      return "Stalls";
    case Hostility::rejects:
      return "Rejects";
    case Hostility::corrupts:
      return "Corrupts";
    case Hostility::falls_mute:
      return "FallsMute";
  }
  return "?";
}

}  // namespace

TEST_P(SwarmHostileTest, EverybodyElseGetsEverything) {
  const HostileHost hostile = make_hostile(GetParam());
  fetch_beside(hostile);
}

INSTANTIATE_TEST_SUITE_P(AHostThat, SwarmHostileTest,
                         testing::Values(Hostility::stalls, Hostility::rejects, Hostility::corrupts,
                                         Hostility::falls_mute),
                         name_of);

TEST_F(SwarmHostileTest, OneThatStallsIsLeftAlthoughItKeepsTheConnectionAlive) {
  const HostileHost hostile = make_hostile(Hostility::stalls);
  SwarmSettings slow;
  slow.limits.upload = 32 * kKiB;  // a minute
  Host seeder = make_seeder(slow);
  Host clone = make_clone("clone", {seeder.session->endpoint(), hostile.endpoint()});

  EXPECT_TRUE(poll_until({&seeder, &clone}, [&] { return hostile.left() > 0; }));

  EXPECT_GT(hostile.requests(), 0);
  EXPECT_FALSE(clone.has_all()) << "left because all is over";
}

TEST_F(SwarmHostileTest, OneThatCorruptsIsNamedOnceByEachAndAskedNoMore) {
  const HostileHost hostile = make_hostile(Hostility::corrupts);
  fetch_beside(hostile);

  std::size_t named = 0;
  for (const Host& each : clones_) {
    EXPECT_LE(each.count<BadData>(), 1U);
    named += each.count<BadData>();
    for (const SwarmEvent& event : each.events) {
      if (const auto* bad = std::get_if<BadData>(&event)) {
        EXPECT_EQ(bad->from, hostile.endpoint());
        const auto hosts = each.session->transfer(torrent_.info_hash).traffic.hosts;
        ASSERT_FALSE(hosts.empty());
        EXPECT_EQ(hosts[0].host, hostile.endpoint()) << "bad ones come first";
        EXPECT_TRUE(hosts[0].banned);
      }
    }
  }
  EXPECT_GT(named, 0U);
}

// libtorrent 2.0.8 takes the refusal of a block's hashes for one of pieces' hashes, and writes outside of a list.
TEST_F(SwarmHostileTest, OneThatRefusesHashesIsNotAskedForThemWhenAnotherOneSentABadPiece) {
  const HostileHost refusing = make_hostile(Hostility::rejects);
  const HostileHost corrupt = make_hostile(Hostility::corrupts);
  SwarmSettings slow;
  slow.limits.upload = 256 * kKiB;
  Host seeder = make_seeder(slow);
  Host clone = make_host("clone");
  add(clone, {}, {refusing.endpoint(), corrupt.endpoint(), seeder.session->endpoint()});

  ASSERT_TRUE(all_arrive({&seeder, &clone}, {&clone}));

  expect_payload(clone);
  EXPECT_GT(clone.count<BadData>(), 0U);
  EXPECT_GT(clone.session->status(torrent_.info_hash).failed, 0U);
  EXPECT_EQ(refusing.hash_requests(), 0);
}

}  // namespace swarmout::test
