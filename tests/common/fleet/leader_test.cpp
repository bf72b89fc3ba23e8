#include "common/fleet/leader.hpp"

#include "common/fleet/log_reader.hpp"
#include "tests/seeder/election/log_text.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

class KnownLeaderTest : public testing::Test {
protected:
  const LogView& view() {
    const auto read = log_.refresh();
    EXPECT_THAT(read, IsOk());
    return **read;
  }
  std::uint64_t leading() {
    const LogEntry* const claim = leading_claim(view());
    return claim == nullptr ? 0 : claim->position.value;
  }

  std::shared_ptr<MemoryShareState> state_ = std::make_shared<MemoryShareState>();
  OtherHost host_{state_};
  MemoryShare share_{state_};
  LogReader log_{share_, fleet_trust()};
};

}  // namespace

TEST_F(KnownLeaderTest, NobodyHasLedAnEmptyLog) {
  EXPECT_EQ(leading(), 0U);
  EXPECT_FALSE(known_leader(share_, view(), fleet_trust()));
}

TEST_F(KnownLeaderTest, WhoHoldsTheOpenClaimLeads) {
  const Leadership leadership = host_.claim();
  host_.beat(leadership);

  const auto leader = known_leader(share_, view(), fleet_trust());

  ASSERT_TRUE(leader);
  EXPECT_EQ(leader->claim->owner, leadership.owner);
  EXPECT_TRUE(leader->at_work);
  ASSERT_TRUE(leader->beat);
  EXPECT_EQ(leader->beat->info.files, 17U);
  EXPECT_GT(leader->beat->written, WallTime{});
}

TEST_F(KnownLeaderTest, OneWithoutAHeartbeatLeadsNoLess) {
  host_.claim();

  const auto leader = known_leader(share_, view(), fleet_trust());

  ASSERT_TRUE(leader);
  EXPECT_TRUE(leader->at_work);
  EXPECT_FALSE(leader->beat);
}

TEST_F(KnownLeaderTest, ADamagedHeartbeatIsNone) {
  const Leadership leadership = host_.claim();
  ASSERT_OK(share_.write_cell(CellKind::heartbeat, claim_cell(leadership.claim, leadership.owner), "garbage"));

  const auto leader = known_leader(share_, view(), fleet_trust());
  EXPECT_FALSE(leader->beat);
  ASSERT_TRUE(leader->bad_beat);
  EXPECT_EQ(leader->bad_beat->code, ErrorCode::refused);
}

TEST_F(KnownLeaderTest, OneThatAStrangerWroteIsNone) {
  const Leadership leadership = host_.claim();
  HeartbeatInfo info;
  info.claim = {leadership.claim, leadership.owner};
  ASSERT_OK(
      share_.write_cell(CellKind::heartbeat, claim_cell(info.claim), swarmout::encode(info, strangers_key()).value()));

  const auto leader = known_leader(share_, view(), fleet_trust());

  EXPECT_FALSE(leader->beat);
  EXPECT_TRUE(leader->bad_beat);
}

TEST_F(KnownLeaderTest, ALeaderServesOnAfterItsCommit) {
  const Leadership leadership = host_.claim();
  host_.commit(leadership);
  host_.beat(leadership);

  const auto leader = known_leader(share_, view(), fleet_trust());

  ASSERT_TRUE(leader);
  EXPECT_EQ(leader->claim->position, leadership.claim);
  EXPECT_FALSE(leader->at_work);
  EXPECT_TRUE(leader->beat);
}

TEST_F(KnownLeaderTest, OneThatFoundNothingNewServesOnToo) {
  const Position release = host_.commit(host_.claim());
  const Leadership again = host_.claim();
  host_.commit_unchanged(again, release);
  host_.beat(again);

  const auto leader = known_leader(share_, view(), fleet_trust());

  ASSERT_TRUE(leader);
  EXPECT_EQ(leader->claim->position, again.claim);
  EXPECT_TRUE(leader->beat);
}

TEST_F(KnownLeaderTest, WhoSaysSomethingByHandDoesNotHideWhoServes) {
  const Leadership publisher = host_.claim("s1");
  host_.commit(publisher);
  LogEntry named;
  named.position = publisher.claim.next();
  ASSERT_OK(publish_by_hand(host_.pen(), host_.claim(), named, "wait", {}));

  EXPECT_EQ(leading(), publisher.claim.value);
}

TEST_F(KnownLeaderTest, WhoGaveUpDoesNotHideWhoServes) {
  const Leadership published = host_.claim();
  host_.commit(published);
  host_.abandon(host_.claim(), "the source is away");

  EXPECT_EQ(leading(), published.claim.value);
}

TEST_F(KnownLeaderTest, WhoGaveUpLeadsNoMore) {
  host_.abandon(host_.claim(), "the source is away");

  EXPECT_EQ(leading(), 0U);
}

TEST_F(KnownLeaderTest, ThePublisherIsKnownWhileAnotherHostLeads) {
  const Leadership published = host_.claim();
  const Position release = host_.commit(published);
  host_.beat(published);
  const Leadership next = host_.claim();

  EXPECT_EQ(leading(), next.claim.value);
  const auto publisher = publisher_of(share_, view(), release, fleet_trust());
  ASSERT_TRUE(publisher);
  EXPECT_EQ(publisher->claim->position, published.claim);
  EXPECT_FALSE(publisher->at_work);
  EXPECT_TRUE(publisher->beat);
}

TEST_F(KnownLeaderTest, AReleaseThatTheViewDoesNotHaveHasNoPublisher) {
  host_.commit(host_.claim());

  for (const std::uint64_t release : {0U, 1U, 42U}) {
    EXPECT_FALSE(publisher_of(share_, view(), Position{release}, fleet_trust())) << release;
  }
}

}  // namespace swarmout::test
