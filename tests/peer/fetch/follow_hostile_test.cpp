// A follower on a share that somebody without the key writes to.

#include "tests/peer/fetch/follow_fixture.hpp"
#include "tests/support/fake_clock.hpp"

namespace swarmout::test {

using namespace std::chrono_literals;

namespace {

class FollowHostile : public FollowTest {
protected:
  /// CLAIM and COMMIT by a stranger, of a release that the fleet has signed for `release`.
  void forge_pair(const SignedDescriptor& release) {
    OtherHost stranger(state_, "stranger");
    stranger.sign_with(strangers_key());
    commit_raw(stranger.share(), stranger.claim(), release, strangers_key());
  }
};

}  // namespace

TEST_F(FollowHostile, AForgedPairOfAnOldReleaseTakesNothingBack) {
  const SignedDescriptor old = signer_.release({2}, "r1");
  publish_as(old);
  const Position newest = publish_next("r2");
  forge_pair(old);
  Follower follower = this->follower();

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower.look());

  ASSERT_TRUE(wanted.published);
  EXPECT_EQ(wanted.published->descriptor.position, newest);
  EXPECT_EQ(follower.seen().position, newest);
  ASSERT_TRUE(wanted.foreign);
  EXPECT_THAT(wanted.foreign->message, testing::HasSubstr("5 (not signed), 6 (not signed)"));
}

TEST_F(FollowHostile, ACommitThatAStrangerMadeOfAStageIsNone) {
  publish_next("r1");
  const Leadership leadership = host_.claim();
  const SignedDescriptor staged = signer_.release({4}, "r2");
  stage(leadership, staged);
  LogEntry commit;
  commit.kind = EntryKind::commit;
  commit.position = commit.release = {4};
  commit.previous = leadership.claim_digest;
  commit.owner = leadership.owner;
  commit.revision = "r2";
  commit.descriptor = staged.text;
  commit.signature = staged.signature;
  ASSERT_EQ(share_.put({4}, encode_with(commit, strangers_key())).outcome, PutOutcome::won);
  Follower follower = this->follower();

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower.look());

  EXPECT_EQ(wanted.published->descriptor.revision, "r1");
  EXPECT_EQ(follower.seen().position, Position{2}) << "only what is signed raises it";
}

TEST_F(FollowHostile, AStageThatPointsElsewhereIsNotFollowed) {
  publish_next("r1");
  const Leadership leadership = host_.claim();
  const StagedRelease redirected{{leadership.claim, leadership.owner}, signer_.release({4}, "r2"), {"198.51.100.9", 9}};
  ASSERT_OK(share_.write_cell(CellKind::stage, claim_cell(redirected.claim),
                              swarmout::encode(redirected, strangers_key()).value()));

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower().look());

  EXPECT_FALSE(wanted.staged || wanted.leader);
  EXPECT_TRUE(wanted.bad_stage);
}

TEST_F(FollowHostile, AStageOfAnEarlierClaimIsNotFollowedUnderALaterOne) {
  publish_next("r1");
  const Leadership gave_up = host_.claim();
  const StagedRelease theirs{{gave_up.claim, gave_up.owner}, signer_.release({4}, "r2"), kStaging};
  host_.abandon(gave_up, "no luck");
  const Leadership next = host_.claim();
  ASSERT_OK(share_.write_cell(CellKind::stage, claim_cell(next.claim, next.owner), encode(theirs)));

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower().look());

  EXPECT_FALSE(wanted.staged);
}

TEST_F(FollowHostile, AHeartbeatThatPointsElsewhereIsNotFollowed) {
  const Leadership leadership = host_.claim();
  HeartbeatInfo info;
  info.claim = {leadership.claim, leadership.owner};
  info.endpoint = Endpoint{"198.51.100.9", 9};
  info.tracker = Endpoint{"198.51.100.9", 10};
  ASSERT_OK(
      share_.write_cell(CellKind::heartbeat, claim_cell(info.claim), swarmout::encode(info, strangers_key()).value()));

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower().look());

  EXPECT_FALSE(wanted.leader || wanted.tracker);
  ASSERT_TRUE(wanted.foreign);
  EXPECT_THAT(wanted.foreign->message, testing::HasSubstr("heartbeat of epoch 1"));
}

TEST_F(FollowHostile, AStrayFarAboveTheEndDoesNotHideWhatIsPublished) {
  const Position newest = publish_next("r1");
  ASSERT_EQ(share_.put({99'999'999}, "").outcome, PutOutcome::won);
  Follower follower = this->follower();

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower.look());

  EXPECT_EQ(wanted.published->descriptor.position, newest);
  EXPECT_EQ(follower.seen().position, newest);
  EXPECT_TRUE(wanted.foreign);
}

TEST_F(FollowHostile, AShareThatStandsStillIsKnownToBeOld) {
  FakeClock clock;
  state_->clock = &clock;
  publish_next("r1");
  Follower follower(share_, key_, {}, clock);
  ASSERT_OK(follower.look());
  clock.advance(25h);

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower.look());

  ASSERT_TRUE(wanted.newest_word);
  EXPECT_GE(wanted.newest_word->age, 25h);
  EXPECT_TRUE(too_old(wanted.newest_word, 24h, "share"));
}

}  // namespace swarmout::test
