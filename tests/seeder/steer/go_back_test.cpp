// Whether anybody could have a release that the fleet is to go back to, and who is on it.

#include "seeder/steer/go_back.hpp"

#include "common/fleet/torrent_on_share.hpp"
#include "tests/common/fleet/records.hpp"
#include "tests/seeder/election/election_fixture.hpp"

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class GoBack : public ElectionTest {
protected:
  void SetUp() override {
    other_.commit(other_.claim("s1"), "r1");
    other_.commit(other_.claim("s2"), "r2");
  }
  Descriptor descriptor(std::uint64_t position, const std::string& revision) {
    return OtherHost::made_up(Position{position}, revision).descriptor;
  }
  /// A live host on `active`.
  PeerRecord host(const std::string& id, const Descriptor& active) {
    PeerRecord record;
    record.id = id;
    record.host = id;
    record.endpoint = Endpoint{"192.0.2.7", 6881};
    record.interval = 15s;
    record.active = active.position;
    record.active_hash = active.info_hash;
    return record;
  }
  void tell(const PeerRecord& record) {
    EXPECT_THAT(share_.write_cell(CellKind::peer, record.id, encode(record)), IsOk());
  }

  Said said_{reader_, Position{100}};
  const Descriptor one_ = descriptor(2, "r1");
  const Descriptor two_ = descriptor(4, "r2");
};

}  // namespace

TEST_F(GoBack, TheReleaseBeforeIsThatBeforeTheCurrentOneNotTheNewestButOne) {
  EXPECT_EQ(release_before_current(view())->position, Position{2});
  other_.commit(other_.claim("s3"), "r3");
  SteerOrder order;
  order.reason = "broken";
  ASSERT_OK(go_back({share_, clock_, fleet_keys()}, reader_, two_, order, {}));
  ASSERT_OK(reader_.refresh_with_slots());

  ASSERT_NE(release_before_current(view()), nullptr);
  EXPECT_EQ(release_before_current(view())->position, Position{2}) << "not 6, which is broken";
  ASSERT_OK(go_back({share_, clock_, fleet_keys()}, reader_, one_, order, {}));
  ASSERT_OK(reader_.refresh_with_slots());

  EXPECT_EQ(release_before_current(view()), nullptr);
}

TEST_F(GoBack, WhatTheFleetWentBackFromIsNotGoneBackToUnlessItIsNamed) {
  other_.commit(other_.claim("s3"), "r3");  // 6
  SteerOrder order;
  order.reason = "broken";
  ASSERT_OK(go_back({share_, clock_, fleet_keys()}, reader_, two_, order, {}));
  SteerOrder resume;
  resume.kind = SteerOrder::Kind::resume;
  ASSERT_OK(steer({share_, clock_, fleet_keys()}, reader_, resume, {}));
  const Position next = other_.commit(other_.claim("s4"), "r4");
  ASSERT_EQ(next, Position{12});
  ASSERT_OK(reader_.refresh_with_slots());
  ASSERT_NE(release_before_current(view()), nullptr);
  EXPECT_EQ(release_before_current(view())->position, Position{4}) << "not 6, which was left";

  ASSERT_OK(go_back({share_, clock_, fleet_keys()}, reader_, descriptor(6, "r3"), order, {}));
  ASSERT_OK(steer({share_, clock_, fleet_keys()}, reader_, resume, {}));
  other_.commit(other_.claim("s5"), "r5");
  ASSERT_OK(reader_.refresh_with_slots());

  ASSERT_NE(release_before_current(view()), nullptr);
  EXPECT_EQ(release_before_current(view())->position, Position{6}) << "somebody has named it since, and 12 was left";
}

TEST_F(GoBack, WhatALiveHostHasAllOfCanBeHad) {
  PeerRecord holder = host("web01", two_);
  holder.holds = {Position{4}, Position{2}};
  tell(holder);

  EXPECT_THAT(can_be_had(share_, one_), IsOk()) << "though its torrent is gone";
}

TEST_F(GoBack, WhatNoLiveHostHasIsRefusedWithTheReason) {
  tell(host("web01", two_));
  PeerRecord partly = host("web02", two_);
  partly.info_hash = one_.info_hash;
  partly.target = one_.position;
  tell(partly);

  EXPECT_THAT(can_be_had(share_, one_),
              FailsWith(ErrorCode::unavailable, "none of 2 live hosts has all of it, and its torrent is gone"));
}

TEST_F(GoBack, AHostThatIsSilentHasNothing) {
  PeerRecord holder = host("web01", two_);
  holder.holds = {Position{2}};
  tell(holder);
  clock_.advance(10min);

  EXPECT_THAT(can_be_had(share_, one_), FailsWith(ErrorCode::unavailable, "none of 0 live hosts"));
}

TEST_F(GoBack, HostsAreOnItHeldBackOrNotYet) {
  tell(host("web01", one_));
  PeerRecord held = host("web02", two_);
  held.held_back = "held here by root";
  tell(held);
  PeerRecord late = host("web03", two_);
  late.trouble = "the disk is full";
  tell(late);

  ASSERT_OK_AND_ASSIGN(const Reach reach, reach_on(share_, one_));

  EXPECT_EQ(reach.live, 3U);
  EXPECT_THAT(reach.on, testing::ElementsAre(HasSubstr("web01")));
  EXPECT_THAT(reach.held_back, testing::ElementsAre(HasSubstr("web02 (192.0.2.7:6881): held here by root")));
  EXPECT_THAT(reach.laggards, testing::ElementsAre(HasSubstr("web03 (192.0.2.7:6881): the disk is full")));
}

TEST_F(GoBack, ItWaitsForLaggardsAndNotLongerThanItIsTold) {
  tell(host("web01", two_));
  int looks = 0;
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    if (operation == "list_cells" && ++looks == 3) {
      share_.before = nullptr;
      EXPECT_THAT(other_.share().write_cell(CellKind::peer, "web01", encode(host("web01", one_))), IsOk());
    }
    return std::nullopt;
  };
  ASSERT_OK_AND_ASSIGN(const Reach all, wait_for_laggards(share_, clock_, said_, one_, 30s, {}));
  EXPECT_THAT(all.laggards, IsEmpty());

  tell(host("web02", two_));
  const MonotonicTime before = clock_.now();
  ASSERT_OK_AND_ASSIGN(const Reach some, wait_for_laggards(share_, clock_, said_, one_, 10s, {}));

  EXPECT_THAT(some.laggards, SizeIs(1));
  EXPECT_GE(clock_.now() - before, 10s);
  EXPECT_LT(clock_.now() - before, 11s);
}

TEST_F(GoBack, AHostThatIsHeldBackIsNotWaitedForAndNotOnIt) {
  tell(host("web01", one_));
  PeerRecord held = host("web02", two_);
  held.held_back = "release 2: waits for `swarmout activate`";
  tell(held);
  const MonotonicTime before = clock_.now();

  ASSERT_OK_AND_ASSIGN(const Reach reach, wait_for_laggards(share_, clock_, said_, one_, 30s, {}));

  EXPECT_EQ(clock_.now(), before);
  EXPECT_FALSE(reach.all());
}

TEST_F(GoBack, AHostWhoseHookIsAtWorkIsWaitedFor) {
  PeerRecord asked = host("web01", two_);
  asked.held_back = "release 2: waits for the hook before its activation";
  asked.passing = true;
  tell(asked);

  const Reach reach = reach_on(share_, one_).value();

  EXPECT_THAT(reach.held_back, IsEmpty());
  EXPECT_THAT(reach.laggards, testing::ElementsAre(HasSubstr("waits for the hook before its activation")));
}

TEST_F(GoBack, WhoIsOverruledWaitsForNobodyAndIsToldByWhom) {
  tell(host("web01", two_));
  SteerOrder order;
  order.reason = "mine";
  ASSERT_OK_AND_ASSIGN(const Steered mine, go_back({share_, clock_, fleet_keys()}, reader_, one_, order, {}));
  order.reason = "no, the other one";
  ASSERT_OK(go_back({share_, clock_, fleet_keys()}, reader_, two_, order, {}));
  const MonotonicTime before = clock_.now();

  ASSERT_OK_AND_ASSIGN(const Reach reach, wait_for_laggards(share_, clock_, {reader_, mine.position}, one_, 30s, {}));

  EXPECT_THAT(reach.overruled, HasSubstr("release 4 (r2): no, the other one"));
  EXPECT_FALSE(reach.all());
  EXPECT_EQ(clock_.now(), before);
}

TEST_F(GoBack, WhoSaysTheSameAgainOverrulesNobody) {
  tell(host("web01", one_));
  SteerOrder order;
  order.reason = "mine";
  ASSERT_OK_AND_ASSIGN(const Steered mine, go_back({share_, clock_, fleet_keys()}, reader_, one_, order, {}));
  ASSERT_OK(go_back({share_, clock_, fleet_keys()}, reader_, one_, order, {}));

  ASSERT_OK_AND_ASSIGN(const Reach reach, wait_for_laggards(share_, clock_, {reader_, mine.position}, one_, 30s, {}));

  EXPECT_TRUE(reach.all());
}

TEST_F(GoBack, OfManyHostsSomeAreNamed) {
  EXPECT_EQ(some_of({"a", "b"}), "a, b");
  EXPECT_THAT(some_of(std::vector<std::string>(25, "x")), HasSubstr("x and 15 more"));
}

}  // namespace swarmout::test
