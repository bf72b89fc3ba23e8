#include "peer/fetch/follow.hpp"

#include "common/fleet/leader_record.hpp"
#include "tests/peer/fetch/following.hpp"
#include "tests/support/bytes.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

using namespace std::chrono_literals;

namespace {

const Endpoint kLeader{"192.0.2.7", 4321};
const Endpoint kBeating{"192.0.2.8", 1234};
const Endpoint kTracker{"192.0.2.7", 6969};
const Endpoint kBeatingTracker{"192.0.2.8", 6969};

class FollowTest : public testing::Test {
protected:
  /// A COMMIT under a new claim. Anything may stand in it.
  Position publish_as(const SignedDescriptor& release) { return commit_raw(host_.share(), host_.claim(), release); }
  Position publish_next(const std::string& revision) {
    return publish_as(signer_.release(host_.share().tail({}).value().next().next(), revision));
  }
  void stage(const Leadership& leadership, const SignedDescriptor& release) {
    EXPECT_THAT(host_.share().write_cell(CellKind::stage, claim_cell(leadership.claim, leadership.owner),
                                         encode(StagedRelease{release, kLeader, kTracker})),
                IsOk());
  }
  void beat(const Leadership& leadership) {
    HeartbeatInfo info;
    info.endpoint = kBeating;
    info.tracker = kBeatingTracker;
    EXPECT_THAT(
        host_.share().write_cell(CellKind::heartbeat, claim_cell(leadership.claim, leadership.owner), encode(info)),
        IsOk());
  }
  Follower follower(Position seen = {}) { return {share_, key_, seen}; }

  std::shared_ptr<MemoryShareState> state_ = std::make_shared<MemoryShareState>();
  OtherHost host_{state_};
  MemoryShare share_{state_};
  Signer signer_;
  Signer stranger_;
  VerifyKey key_ = signer_.verify_key();
};

}  // namespace

// How often to look.

TEST(LookIntervalTest, IsThePollWhileNothingHappens) {
  EXPECT_EQ(look_interval(2s, false, 50), 2s);
}

TEST(LookIntervalTest, WhileALeaderWorksTheFleetTogetherLooksNoMoreThanTwoHundredTimesASecond) {
  EXPECT_EQ(look_interval(2s, true, 1), 200ms);
  EXPECT_EQ(look_interval(2s, true, 100), 500ms);
  EXPECT_EQ(look_interval(2s, true, 1000), 2s);
}

TEST(LookIntervalTest, IsNeverLongerThanThePoll) {
  EXPECT_EQ(look_interval(100ms, true, 1), 100ms);
}

TEST_F(FollowTest, AnOpenClaimIsWorkInProgressAndAPublishedReleaseIsNot) {
  publish_next("r1");
  Follower follower = this->follower();
  EXPECT_FALSE(follower.look().value().in_progress);

  (void)host_.claim();

  EXPECT_TRUE(follower.look().value().in_progress);
}

// What is published.

TEST_F(FollowTest, AnEmptyShareWantsNothing) {
  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower().look());

  EXPECT_FALSE(wanted.published || wanted.staged || wanted.leader);
}

TEST_F(FollowTest, TheNewestReleaseIsWanted) {
  publish_next("r1");
  const Position newest = publish_next("r2");
  Follower follower = this->follower();

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower.look());

  ASSERT_TRUE(wanted.published);
  EXPECT_EQ(wanted.published->descriptor.revision, "r2");
  EXPECT_EQ(wanted.published->descriptor.position, newest);
  EXPECT_EQ(follower.seen(), newest);
}

TEST_F(FollowTest, ANewReleaseIsSeenAtTheNextLook) {
  publish_next("r1");
  Follower follower = this->follower();
  ASSERT_OK(follower.look());
  publish_next("r2");

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower.look());

  EXPECT_EQ(wanted.published->descriptor.revision, "r2");
}

TEST_F(FollowTest, AnUnchangedSlotKeepsTheReleaseThatIsThere) {
  const Position release = publish_next("r1");
  host_.commit_unchanged(host_.claim(), release);

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower().look());

  EXPECT_EQ(wanted.published->descriptor.position, release);
}

TEST_F(FollowTest, AnAbandonedClaimChangesNothing) {
  const Position release = publish_next("r1");
  host_.abandon(host_.claim(), "no luck");

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower().look());

  EXPECT_EQ(wanted.published->descriptor.position, release);
  EXPECT_FALSE(wanted.leader);
}

// What is not trusted.

TEST_F(FollowTest, AReleaseSignedByAnotherKeyIsRefused) {
  publish_as(stranger_.release({2}, "r1"));

  EXPECT_THAT(follower().look(), FailsWith(ErrorCode::refused, "release 2 is not trusted"));
}

TEST_F(FollowTest, ANewestReleaseThatIsNotTrustedDoesNotFallBackToAnOlderOne) {
  publish_next("r1");
  publish_as(stranger_.release({4}, "r2"));

  EXPECT_THAT(follower().look(), FailsWith(ErrorCode::refused));
}

TEST_F(FollowTest, AReleaseWithoutASignatureIsRefused) {
  publish_as(OtherHost::made_up({2}, "r1"));

  EXPECT_THAT(follower().look(), FailsWith(ErrorCode::refused));
}

TEST_F(FollowTest, ADescriptorThatWasChangedAfterSigningIsRefused) {
  SignedDescriptor release = signer_.release({2}, "r1");
  release.text.replace(release.text.find("r1"), 2, "r2");
  publish_as(release);

  EXPECT_THAT(follower().look(), FailsWith(ErrorCode::refused));
}

TEST_F(FollowTest, ASignedTextThatIsNoDescriptorIsRefused) {
  SignedDescriptor release = signer_.release({2}, "r1");
  release.text = "something else that this key has signed\n";
  release.signature = signer_.sign_text(release.text);
  publish_as(release);

  EXPECT_THAT(follower().look(), FailsWith(ErrorCode::refused));
}

TEST_F(FollowTest, ADescriptorOfAnotherPositionIsAReplayAndRefused) {
  const SignedDescriptor old = signer_.release({2}, "r1");
  publish_as(old);
  publish_next("r2");
  publish_as(old);

  EXPECT_THAT(follower().look(), FailsWith(ErrorCode::refused, "a replay"));
}

TEST_F(FollowTest, AShareThatLostEntriesIsRefused) {
  publish_next("r1");

  EXPECT_THAT(follower({4}).look(), FailsWith(ErrorCode::refused, "has followed 4 already"));
}

TEST_F(FollowTest, AShareThatLostEntriesIsFollowedOnceItStagesANewerRelease) {
  publish_next("r1");
  Follower follower = this->follower({4});
  ASSERT_FALSE(follower.look());
  host_.claim();
  stage(host_.claim(), signer_.release({5}, "r3"));

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower.look());

  EXPECT_FALSE(wanted.published) << "the old one is not";
  ASSERT_TRUE(wanted.staged);
  EXPECT_EQ(wanted.staged->descriptor.revision, "r3");
}

TEST_F(FollowTest, TheReleaseThatWasFollowedLastIsNotTooOld) {
  const Position release = publish_next("r1");

  EXPECT_THAT(follower(release).look(), IsOk());
}

TEST_F(FollowTest, WhatIsRefusedDoesNotCountAsSeen) {
  publish_next("r1");
  Follower follower = this->follower();
  ASSERT_OK(follower.look());
  publish_as(stranger_.release({4}, "r2"));

  EXPECT_FALSE(follower.look());

  EXPECT_EQ(follower.seen(), Position{2});
}

// What is staged, and by whom.

TEST_F(FollowTest, WhatTheLeaderHasStagedIsWanted) {
  publish_next("r1");
  const Leadership leadership = host_.claim();
  stage(leadership, signer_.release({4}, "r2"));

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower().look());

  EXPECT_EQ(wanted.published->descriptor.revision, "r1");
  ASSERT_TRUE(wanted.staged);
  EXPECT_EQ(wanted.staged->descriptor.revision, "r2");
  EXPECT_EQ(wanted.leader, kLeader);
  EXPECT_EQ(wanted.tracker, kTracker);
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

  EXPECT_EQ(follower.seen(), Position{}) << "it may be fenced, and the number be used for something else";
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

TEST_F(FollowTest, TheLeaderThatFoundNothingNewAndServesAgainIsKnown) {
  const Position release = publish_next("r1");
  const Leadership again = host_.claim();
  host_.commit_unchanged(again, release);
  beat(again);

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower().look());

  EXPECT_EQ(wanted.leader, kBeating);
  EXPECT_EQ(wanted.tracker, kBeatingTracker);
  EXPECT_FALSE(wanted.in_progress);
}

TEST_F(FollowTest, AHeartbeatOfAnotherClaimIsNotTheLeaders) {
  beat(host_.claim());
  host_.claim();

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower().look());

  EXPECT_FALSE(wanted.leader);
}

// A share with troubles.

TEST_F(FollowTest, AShareThatIsAwayIsSaidAndLaterLooksGoOn) {
  publish_next("r1");
  Follower follower = this->follower();
  bool away = true;
  share_.before = [&](std::string_view) {
    return away ? std::optional(Error{ErrorCode::temporary, "away", {}}) : std::nullopt;
  };
  EXPECT_THAT(follower.look(), FailsWith(ErrorCode::temporary, "away"));
  away = false;

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower.look());

  EXPECT_TRUE(wanted.published);
}

TEST_F(FollowTest, CellsThatCannotBeReadDoNotHideWhatIsPublished) {
  publish_next("r1");
  stage(host_.claim(), signer_.release({4}, "r2"));
  share_.before = [](std::string_view operation) {
    return operation == "read_cell" ? std::optional(Error{ErrorCode::temporary, "away", {}}) : std::nullopt;
  };

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, follower().look());

  EXPECT_TRUE(wanted.published);
  EXPECT_FALSE(wanted.staged);
}

}  // namespace swarmout::test
