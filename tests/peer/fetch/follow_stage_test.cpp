// What a leader has staged, and where it is.

#include "tests/peer/fetch/follow_fixture.hpp"

namespace swarmout::test {

TEST_F(FollowTest, WhatTheLeaderHasStagedIsWanted) {
  publish_next("r1");
  const Leadership leadership = host_.claim();
  stage(leadership, signer_.release({4}, "r2"));

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower().look());

  EXPECT_EQ(wanted.published->descriptor.revision, "r1");
  ASSERT_TRUE(wanted.staged);
  EXPECT_EQ(wanted.staged->descriptor.revision, "r2");
  EXPECT_EQ(wanted.leader, kStaging);
  EXPECT_EQ(wanted.tracker, kStagingTracker);
}

TEST_F(FollowTest, TheFirstReleaseCanBeStaged) {
  stage(host_.claim(), signer_.release({2}, "r1"));

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower().look());

  EXPECT_FALSE(wanted.published);
  EXPECT_TRUE(wanted.staged);
}

TEST_F(FollowTest, WhatIsStagedDoesNotCountAsSeen) {
  stage(host_.claim(), signer_.release({2}, "r1"));
  Follower follower = this->follower();

  ASSERT_OK(follower.look());

  EXPECT_EQ(follower.seen().position, Position{}) << "it may be fenced, and the number be used for something else";
}

TEST_F(FollowTest, WhatAStrangerHasStagedIsNotFollowed) {
  publish_next("r1");
  stage(host_.claim(), stranger_.release({4}, "r2"));

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower().look());

  EXPECT_FALSE(wanted.staged || wanted.leader);
  EXPECT_TRUE(wanted.published) << "and does not stand in the way";
}

TEST_F(FollowTest, WhatIsStagedForAnotherPositionIsNotFollowed) {
  const SignedDescriptor old = signer_.release({2}, "r1");
  publish_as(old);
  stage(host_.claim(), old);

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower().look());

  EXPECT_FALSE(wanted.staged);
}

TEST_F(FollowTest, WhatAFencedLeaderHasStagedIsNotFollowed) {
  const Leadership fenced = host_.claim();
  stage(fenced, signer_.release({2}, "r1"));
  host_.claim();  // a takeover

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower().look());

  EXPECT_FALSE(wanted.staged);
}

TEST_F(FollowTest, AStageThatWasPublishedIsNoStageAnyMore) {
  const Leadership leadership = host_.claim();
  const SignedDescriptor release = signer_.release({2}, "r1");
  stage(leadership, release);
  commit_raw(host_.share(), leadership, release);

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower().look());

  EXPECT_TRUE(wanted.published);
  EXPECT_FALSE(wanted.staged);
}

TEST_F(FollowTest, AStageThatIsGarbageIsNotFollowed) {
  const Leadership leadership = host_.claim();
  ASSERT_OK(host_.share().write_cell(CellKind::stage, claim_cell(leadership.claim, leadership.owner), noise(500)));

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower().look());

  EXPECT_FALSE(wanted.staged);
}

TEST_F(FollowTest, AStageOlderThanWhatWasFollowedIsNotFollowed) {
  // A share restored from an early backup, whose log has no release yet.
  stage(host_.claim(), signer_.release({2}, "r1"));

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower({40}).look());

  EXPECT_FALSE(wanted.staged);
}

TEST_F(FollowTest, TheLeaderIsKnownFromItsHeartbeatBeforeItStages) {
  const Leadership leadership = host_.claim();
  beat(leadership);

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower().look());

  EXPECT_EQ(wanted.leader, kBeating);
}

TEST_F(FollowTest, TheLeaderThatSeedsOnAfterItsCommitIsKnown) {
  const Leadership leadership = host_.claim();
  beat(leadership);
  commit_raw(host_.share(), leadership, signer_.release({2}, "r1"));

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower().look());

  EXPECT_EQ(wanted.leader, kBeating);
  EXPECT_EQ(wanted.tracker, kBeatingTracker);
}

TEST_F(FollowTest, AHeartbeatOfAnotherClaimIsNotTheLeaders) {
  beat(host_.claim());
  host_.claim();

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower().look());

  EXPECT_FALSE(wanted.leader);
}

TEST_F(FollowTest, WhyWhatIsStagedIsNotFetchedIsSaidWithoutWhatItsWriterWantsSaid) {
  LogEntry claim;
  claim.kind = EntryKind::claim;
  claim.position = {1};
  claim.owner = id_of("somebody");
  sign_in(claim, share_.now().value());
  claim.host = "evil\x1b[31m" + std::string(200, 'x');
  ASSERT_EQ(share_.put({1}, encode(claim)).outcome, PutOutcome::won);
  ASSERT_OK(share_.write_cell(CellKind::stage, claim_cell({1}, id_of("somebody")), noise(500)));

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower().look());

  ASSERT_TRUE(wanted.bad_stage);
  EXPECT_EQ(wanted.bad_stage->code, ErrorCode::refused);
  EXPECT_EQ(wanted.bad_stage->message.find('\x1b'), std::string::npos);
  EXPECT_LT(wanted.bad_stage->message.size(), 1000U);
}

}  // namespace swarmout::test
