#include "common/fleet/overview.hpp"

#include "tests/common/fleet/records.hpp"
#include "tests/seeder/election/log_text.hpp"
#include "tests/support/fake_clock.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

using namespace std::chrono_literals;

namespace {

class FleetOverviewTest : public testing::Test {
protected:
  FleetOverviewTest() { state_->clock = &clock_; }
  FleetOverview overview(std::size_t releases = 5) {
    auto seen = fleet_overview(share_, fleet_trust(), releases, clock_.wall());
    EXPECT_THAT(seen, IsOk());
    return std::move(seen).value_or(FleetOverview{});
  }
  void write(const std::string& id, Position active, const InfoHash& content) {
    PeerRecord record = peer(id);
    record.active = active;
    record.active_hash = content;
    ASSERT_OK(share_.write_cell(CellKind::peer, id, encode(record)));
  }
  void beat(const Leadership& leadership, HeartbeatInfo info) {
    info.claim = {leadership.claim, leadership.owner};
    ASSERT_OK(share_.write_cell(CellKind::heartbeat, claim_cell(leadership.claim, leadership.owner), encode(info)));
  }
  static InfoHash content_of(Position release) { return OtherHost::made_up(release, "r1").descriptor.info_hash; }

  FakeClock clock_;
  std::shared_ptr<MemoryShareState> state_ = std::make_shared<MemoryShareState>();
  OtherHost host_{state_};
  MemoryShare share_{state_};
};

}  // namespace

TEST_F(FleetOverviewTest, AnEmptyShareHasNothing) {
  const FleetOverview fleet = overview();

  EXPECT_EQ(fleet.share, "memory");
  EXPECT_EQ(fleet.time, clock_.wall());
  EXPECT_TRUE(fleet.releases.empty());
  EXPECT_FALSE(fleet.leader);
  EXPECT_TRUE(fleet.peers.empty());
}

TEST_F(FleetOverviewTest, ReleasesComeNewestFirstAndAsManyAsAskedFor) {
  for (const char* const revision : {"r1", "r2", "r3"}) {
    host_.commit(host_.claim(), revision);
  }

  const FleetOverview fleet = overview(2);

  ASSERT_EQ(fleet.releases.size(), 2U);
  EXPECT_EQ(fleet.releases[0].commit.revision, "r3");
  EXPECT_EQ(fleet.releases[1].commit.revision, "r2");
  EXPECT_EQ(fleet.releases[0].descriptor.position, Position{6});
}

TEST_F(FleetOverviewTest, HostsCountForTheReleaseThatTheyAreOn) {
  const Position first = host_.commit(host_.claim());
  const Position second = host_.commit(host_.claim());
  write("old", first, content_of(first));
  write("new-1", second, content_of(second));
  write("new-2", second, content_of(second));

  const FleetOverview fleet = overview();

  EXPECT_EQ(fleet.peers.size(), 3U);
  EXPECT_EQ(fleet.releases[0].active_on, 2U);
  EXPECT_EQ(fleet.releases[1].active_on, 1U);
}

TEST_F(FleetOverviewTest, AnotherReleaseWithTheSameNumberIsNotMistakenForIt) {
  const Position release = host_.commit(host_.claim());
  write("from-a-share-that-was-lost", release, InfoHash{sha256("something else")});

  EXPECT_EQ(overview().releases[0].active_on, 0U);
}

TEST_F(FleetOverviewTest, TheLeaderAtWorkIsShownAlsoWhileItIsSilent) {
  const Leadership leadership = host_.claim("slot-1");
  ASSERT_TRUE(overview().leader);
  EXPECT_FALSE(overview().leader->info);

  beat(leadership, heartbeat());
  clock_.advance(7s);

  const auto leader = overview().leader;
  ASSERT_TRUE(leader && leader->info);
  EXPECT_TRUE(leader->at_work);
  EXPECT_EQ(leader->claim.slot, "slot-1");
  EXPECT_EQ(leader->info->phase, Phase::exporting);
  EXPECT_EQ(leader->since_beat, 7s);
}

TEST_F(FleetOverviewTest, ALeaderThatServesOnIsShownUntilItLeaves) {
  const Leadership leadership = host_.claim();
  host_.commit(leadership);
  EXPECT_FALSE(overview().leader);

  beat(leadership, heartbeat());

  ASSERT_TRUE(overview().leader);
  EXPECT_FALSE(overview().leader->at_work);
}

TEST_F(FleetOverviewTest, SoIsOneThatFoundNothingNew) {
  const Position release = host_.commit(host_.claim());
  const Leadership again = host_.claim();
  host_.commit_unchanged(again, release);
  beat(again, heartbeat());

  ASSERT_TRUE(overview().leader);
  EXPECT_EQ(overview().leader->claim.position, again.claim);
}

TEST_F(FleetOverviewTest, ABeatFromTheFutureIsOfNow) {
  const Leadership leadership = host_.claim();
  const WallTime now = clock_.wall();
  clock_.set_wall(now + 24h);
  beat(leadership, heartbeat());
  clock_.set_wall(now);

  EXPECT_EQ(overview().leader->since_beat, 0ms);
}

TEST_F(FleetOverviewTest, TheBoundIsThatOfTheLeadersLine) {
  PeerRecord record = peer();
  record.downloaded = 8000;
  record.duplicate = record.failed = 0;
  record.fetched_in = 2s;
  EXPECT_EQ(bound_multiple(overview(), record), std::nullopt) << "no line is known";
  HeartbeatInfo info = heartbeat();
  info.line_rate = 8000;
  beat(host_.claim(), info);

  EXPECT_EQ(bound_multiple(overview(), record), 2.0);
}

TEST_F(FleetOverviewTest, WhatNobodySignedIsLeftOutAndNamed) {
  host_.commit(host_.claim(), "r1");
  OtherHost stranger(state_, "stranger");
  stranger.sign_with(strangers_key());
  stranger.commit(stranger.claim(), "forged");

  const FleetOverview fleet = overview();

  ASSERT_EQ(fleet.releases.size(), 1U);
  EXPECT_EQ(fleet.releases[0].commit.revision, "r1");
  ASSERT_EQ(fleet.foreign.size(), 1U);
  EXPECT_THAT(fleet.foreign[0].message, testing::HasSubstr("2 entries"));
  ASSERT_TRUE(fleet.newest_word);
}

TEST_F(FleetOverviewTest, AReleaseWhoseDescriptorNobodySignedIsLeftOutAndNamed) {
  const Leadership leadership = host_.claim();
  SignedDescriptor release = OtherHost::made_up(leadership.claim.next(), "r1");
  release.signature = strangers_key().sign(release.text, "test").value();
  ASSERT_OK(publish(host_.pen(), leadership, release, {}));

  EXPECT_TRUE(overview().releases.empty());
  ASSERT_EQ(overview().foreign.size(), 1U);
  EXPECT_THAT(overview().foreign[0].message, testing::HasSubstr("release 2 is not trusted"));
}

/// Root, where the export has root_squash, or an administrator who is not the service's user.
TEST_F(FleetOverviewTest, WhoMayOnlyReadTheShareSeesTheFleetByItsOwnClock) {
  share_.before = [](std::string_view operation) {
    return operation == "now" ? std::optional(Error{ErrorCode::cannot_write, "not permitted", ""}) : std::nullopt;
  };

  ASSERT_OK_AND_ASSIGN(const FleetOverview seen, fleet_overview(share_, fleet_trust(), 5, clock_.wall()));

  EXPECT_EQ(seen.time, clock_.wall());
}

TEST_F(FleetOverviewTest, AShareThatIsAwayIsAnError) {
  share_.before = [](std::string_view) { return std::optional(Error{ErrorCode::temporary, "away", ""}); };

  EXPECT_THAT(fleet_overview(share_, fleet_trust(), 5, clock_.wall()), FailsWith(ErrorCode::temporary));
}

}  // namespace swarmout::test
