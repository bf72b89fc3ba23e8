// What is published, and what of it is believed.

#include "tests/peer/fetch/follow_fixture.hpp"

namespace swarmout::test {

using namespace std::chrono_literals;

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
  EXPECT_EQ(follower.seen().position, newest);
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
  SignedDescriptor release = OtherHost::made_up({2}, "r1");
  release.signature = "not a signature";
  publish_as(release);

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

  EXPECT_EQ(follower.seen().position, Position{2});
}

// Releases before it.

TEST_F(FollowTest, AnyReleaseOfTheLogThatATrustedKeyHasSignedCanBeHad) {
  const Position first = publish_next("r1");
  publish_next("r2");
  Follower follower = this->follower();
  ASSERT_OK(follower.look());

  ASSERT_OK_AND_ASSIGN(const SignedDescriptor release, follower.release_at(first));

  EXPECT_EQ(release.descriptor.revision, "r1");
}

TEST_F(FollowTest, WhatIsNoReleaseOrOfAStrangerOrNotThereIsNone) {
  const Leadership open = host_.claim();
  host_.abandon(open, "full");
  const Position strange = publish_as(stranger_.release({4}, "r1"));
  Follower follower = this->follower();
  (void)follower.look();

  EXPECT_THAT(follower.release_at(open.claim), FailsWith(ErrorCode::refused));
  EXPECT_THAT(follower.release_at(strange), FailsWith(ErrorCode::refused));
  EXPECT_THAT(follower.release_at({99}), FailsWith(ErrorCode::temporary, "cannot be seen"));
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
