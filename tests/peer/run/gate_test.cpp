#include "peer/run/gate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Kind = GateAnswer::Kind;

SignedDescriptor gate_release(std::uint64_t position) {
  SignedDescriptor release;
  release.descriptor.position = {position};
  release.descriptor.revision = "rev" + std::to_string(position);
  release.descriptor.info_hash = InfoHash{sha256(release.descriptor.revision)};
  release.text = encode(release.descriptor);
  return release;
}

ActiveTree gate_tree(std::uint64_t position) {
  return {release_name(gate_release(position).descriptor), "/srv/x", {position}};
}

PeerRecord gate_host(const std::string& host, std::uint64_t active) {
  PeerRecord record;
  record.host = host;
  record.active = {active};
  record.active_hash = gate_release(active).descriptor.info_hash;
  record.info_hash = record.active_hash;
  record.complete = true;
  return record;
}

/// Release 42 is wanted, published, and active here.
GateSight all_well() {
  GateSight sight;
  sight.wanted = "slot noon";
  sight.goal = gate_release(42);
  sight.newest = gate_release(42);
  sight.active = gate_tree(42);
  sight.here = true;
  sight.own_host = "here";
  return sight;
}

FleetSight fleet_on(int there, int not_there) {
  FleetSight fleet;
  for (int i = 0; i < there + not_there; ++i) {
    fleet.live.push_back(gate_host("web" + std::to_string(i + 10), i < there ? 42 : 41));
  }
  return fleet;
}

}  // namespace

TEST(Gate, IsOpenWhereTheReleaseIsActive) {
  EXPECT_EQ(judge_gate(all_well(), 0).kind, Kind::go);
}

TEST(Gate, SaysWhoLeadsAndAtWhatWhileNothingIsPublished) {
  GateSight sight = all_well();
  sight.here = false;
  sight.goal.reset();
  GateAnswer answer = judge_gate(sight, 0);
  EXPECT_EQ(answer.kind, Kind::wait);
  EXPECT_EQ(answer.missing, "slot noon is not published yet; nobody leads at the moment");
  sight.leader = LeaderSight{"web07", "exporting"};
  EXPECT_EQ(judge_gate(sight, 0).missing, "slot noon is not published yet; web07 leads (exporting)");
  sight.leader = LeaderSight{"web07", ""};
  EXPECT_EQ(judge_gate(sight, 0).missing, "slot noon is not published yet; web07 leads, and is silent");
  sight.share_trouble = "it hangs";
  EXPECT_EQ(judge_gate(sight, 0).missing,
            "whether slot noon is published is not known; the share cannot be read: it hangs");
}

TEST(Gate, SaysHowFarThisHostIs) {
  GateSight sight = all_well();
  sight.here = false;
  sight.active = gate_tree(41);
  EXPECT_EQ(judge_gate(sight, 0).missing, "release 42 (rev42) is not active here: this host is on 00000041-rev41");
  sight.fleet = FleetSight{};
  EXPECT_THAT(judge_gate(sight, 0).missing, HasSubstr("no service of this host is seen"));
  PeerRecord own = gate_host("here", 41);
  own.info_hash = sight.goal->descriptor.info_hash;
  own.complete = false;
  own.wanted = 200;
  own.have = 50;
  sight.fleet->live = {own};
  EXPECT_THAT(judge_gate(sight, 0).missing, HasSubstr("its service has fetched 25%"));
  sight.fleet->live[0].trouble = "disk full\x1b";
  EXPECT_THAT(judge_gate(sight, 0).missing, HasSubstr("its service: disk full?"));
  sight.fleet->live = {own, own};
  EXPECT_THAT(judge_gate(sight, 0).missing, Not(HasSubstr("its service"))) << "clones with one name";
  sight.active.reset();
  EXPECT_THAT(judge_gate(sight, 0).missing, HasSubstr("this host has no release"));
}

TEST(Gate, IsPassedWhenTheFleetHasGoneOn) {
  GateSight sight = all_well();
  sight.here = false;
  sight.newest = gate_release(44);
  sight.active = gate_tree(44);
  const GateAnswer answer = judge_gate(sight, 0);
  EXPECT_EQ(answer.kind, Kind::passed);
  EXPECT_EQ(answer.missing,
            "slot noon was release 42 (rev42), but the fleet has gone on to release 44 (rev44), and this "
            "host is on 00000044-rev44");
  sight.here = true;
  EXPECT_EQ(judge_gate(sight, 0).kind, Kind::go) << "it is here still";
}

TEST(Gate, AQuorumIsAPartOfTheLiveHosts) {
  struct Case {
    double quorum;
    int there;
    int not_there;
    Kind kind;
  };
  for (const Case& each : {Case{0.9, 9, 1, Kind::go}, Case{0.9, 8, 2, Kind::wait}, Case{0.5, 1, 1, Kind::go},
                           Case{0.5, 1, 2, Kind::wait}, Case{1, 3, 0, Kind::go}, Case{1, 99, 1, Kind::wait},
                           Case{0.01, 0, 3, Kind::wait}, Case{0.7, 7, 3, Kind::go}, Case{0.5, 0, 0, Kind::wait}}) {
    GateSight sight = all_well();
    sight.fleet = fleet_on(each.there, each.not_there);
    EXPECT_EQ(judge_gate(sight, each.quorum).kind, each.kind)
        << each.quorum << ' ' << each.there << ' ' << each.not_there;
  }
}

TEST(Gate, OfAFleetThatCannotBeSeenThereIsNoQuorum) {
  GateSight sight = all_well();
  EXPECT_EQ(judge_gate(sight, 0.5).kind, Kind::wait);
  sight.share_trouble = "it hangs";
  EXPECT_THAT(judge_gate(sight, 0.5).missing, HasSubstr("it hangs"));
}

TEST(Gate, LaggardsAreNamedByReasonMostFirst) {
  GateSight sight = all_well();
  sight.fleet = fleet_on(1, 3);
  PeerRecord fetching = gate_host("db1", 41);
  fetching.info_hash = sight.goal->descriptor.info_hash;
  fetching.complete = false;
  PeerRecord ready = fetching;
  ready.host = "db2";
  ready.complete = true;
  PeerRecord empty;
  empty.host = "new1";
  sight.fleet->live.insert(sight.fleet->live.end(), {fetching, ready, empty});
  const GateAnswer answer = judge_gate(sight, 1);
  EXPECT_EQ(answer.live, 7U);
  EXPECT_EQ(answer.there, 1U);
  EXPECT_THAT(
      answer.missing,
      AllOf(HasSubstr("active here and on 1 of 7 live hosts, where 7 are wanted: web[11-13]: on "
                      "release 41"),
            HasSubstr("db1: fetches it"), HasSubstr("db2: has it, not active"), HasSubstr("new1: has no release")));
}

TEST(Gate, AReleaseOfAnotherLogWithTheSameNumberIsAnotherOne) {
  PeerRecord other = gate_host("old", 42);
  other.active_hash = InfoHash{sha256("of a share that was lost")};
  other.info_hash = other.active_hash;
  EXPECT_EQ(why_not_there(other, gate_release(42).descriptor), "on release 42");
}

}  // namespace swarmout::test
