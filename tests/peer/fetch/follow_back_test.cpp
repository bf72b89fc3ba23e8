// A fleet that goes back, and attackers that would like it to.

#include "common/fleet/log_reader.hpp"
#include "seeder/election/publish.hpp"
#include "tests/peer/fetch/follow_fixture.hpp"
#include "tests/support/fake_clock.hpp"

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

class FollowBack : public FollowTest {
protected:
  FollowBack() { state_->clock = &clock_; }

  SignedDescriptor publish(const std::string& revision) {
    clock_.advance(1min);
    SignedDescriptor release = OtherHost::made_up(host_.share().tail({}).value().next().next(), revision);
    release.descriptor.created = utc(clock_.wall());
    release.descriptor.manifest = sha256(revision);
    release = signer_.sign(std::move(release));
    publish_as(release);
    return release;
  }
  void go_back_to(const SignedDescriptor& release, const std::string& hold = "broken") {
    clock_.advance(1min);
    LogEntry named;
    named.position = release.descriptor.position;
    named.revision = release.descriptor.revision;
    EXPECT_THAT(publish_by_hand(host_.pen(), host_.claim(), named, hold, {}), IsOk());
  }
  Result<Wanted> look() { return follower_->look(); }
  std::uint64_t followed() {
    const auto wanted = look();
    EXPECT_THAT(wanted, IsOk());
    return wanted && wanted->published ? wanted->published->descriptor.position.value : 0;
  }
  /// A host that has seen what this one has, and reads the share as it is now.
  void restart() {
    const Seen seen = follower_->seen();
    follower_.emplace(share_, key_, seen, clock_);
  }
  void lose_after(std::uint64_t position) {
    std::erase_if(state_->log, [&](const auto& entry) { return entry.first.value > position; });
  }

  FakeClock clock_;
  std::optional<Follower> follower_{std::in_place, share_, key_, Seen{}, clock_};
  const SignedDescriptor one_ = publish("r1");
  const SignedDescriptor two_ = publish("r2");
};

}  // namespace

TEST_F(FollowBack, TheReleaseThatWasGoneBackToIsFollowed) {
  ASSERT_EQ(followed(), 4U);

  go_back_to(one_);
  EXPECT_EQ(followed(), 2U);
  EXPECT_EQ(follower_->seen().commit, Position{6});
  restart();
  EXPECT_EQ(followed(), 2U) << "also after a restart";
  go_back_to(one_, "");
  EXPECT_EQ(followed(), 2U);
  EXPECT_EQ(follower_->seen().commit, Position{8});
  publish("r3");

  EXPECT_EQ(followed(), 10U);
}

TEST_F(FollowBack, AHostThatWasAwayMeanwhileFollowsWhereTheFleetIs) {
  ASSERT_EQ(followed(), 4U);
  publish("r3");
  go_back_to(two_);
  restart();
  EXPECT_EQ(followed(), 4U);
  go_back_to(one_);

  restart();

  EXPECT_EQ(followed(), 2U);
}

TEST_F(FollowBack, WhileTheFleetIsHeldAClaimThatStaysOpenIsNobodysWork) {
  host_.claim();
  EXPECT_TRUE(look()->in_progress);
  go_back_to(one_);
  EXPECT_FALSE(look()->in_progress);

  host_.claim();  // of a `rollback` that was killed

  EXPECT_FALSE(look()->in_progress) << "there is nothing to look for five times a second";
}

TEST_F(FollowBack, ANewHostGetsTheOldRelease) {
  go_back_to(one_);

  EXPECT_EQ(followed(), 2U);
}

TEST_F(FollowBack, ALogWithoutItsRollbackIsRefused) {
  ASSERT_EQ(followed(), 4U);
  go_back_to(one_);
  ASSERT_EQ(followed(), 2U);

  lose_after(4);
  restart();

  EXPECT_THAT(look(), FailsWith(ErrorCode::refused)) << "what was gone back from would be current again";
}

TEST_F(FollowBack, ARollbackThatIsShownAgainAfterTheFleetWentOnIsRefused) {
  go_back_to(one_);
  ASSERT_EQ(followed(), 2U);
  go_back_to(two_);
  ASSERT_EQ(followed(), 4U);

  lose_after(6);
  restart();

  EXPECT_THAT(look(), FailsWith(ErrorCode::refused));
}

TEST_F(FollowBack, ThatIsSoAlsoForAHostThatWasAwayDuringTheRollback) {
  ASSERT_EQ(followed(), 4U);
  go_back_to(one_);
  go_back_to(two_);
  ASSERT_EQ(followed(), 4U) << "it has seen entry 8, and entry 6 only behind it";

  lose_after(6);
  restart();

  EXPECT_THAT(look(), FailsWith(ErrorCode::refused));
}

TEST_F(FollowBack, ARollbackOfAnotherLogIsNone) {
  ASSERT_EQ(followed(), 4U);
  go_back_to(one_);
  const auto old_log = state_->log;
  lose_after(0);
  state_->cluster = "made anew";
  const SignedDescriptor anew = publish("r3");
  restart();
  ASSERT_EQ(followed(), 2U) << "of the new log";
  const Digest followed_there = follower_->seen().release;
  ASSERT_EQ(followed_there, digest_of(anew));

  state_->log = old_log;  // under the new log's name
  restart();
  const auto wanted = look();

  EXPECT_TRUE(!wanted || !wanted->published);
  EXPECT_EQ(follower_->seen().release, followed_there);
  state_->cluster = "memory";  // under its own
  restart();
  EXPECT_THAT(look(), FailsWith(ErrorCode::refused, "another share"));
}

TEST_F(FollowBack, ARollbackThatIsCopiedToAnotherNumberIsNone) {
  go_back_to(one_);
  ASSERT_EQ(followed(), 2U);
  publish("r3");
  ASSERT_EQ(followed(), 8U);

  state_->log[Position{9}] = state_->log[Position{5}];
  state_->log[Position{10}] = state_->log[Position{6}];
  restart();

  EXPECT_EQ(followed(), 8U);
}

TEST_F(FollowBack, ARollbackInAStrangersHandIsNone) {
  ASSERT_EQ(followed(), 4U);
  host_.sign_with(strangers_key());
  go_back_to(one_);

  EXPECT_EQ(followed(), 4U);
}

TEST_F(FollowBack, AShareThatGrewAnewAfterItWasSetBackIsFollowedFromItsNextRelease) {
  ASSERT_EQ(followed(), 4U);
  go_back_to(one_);
  ASSERT_EQ(followed(), 2U);
  lose_after(4);
  publish("r3");  // at 6, where the rollback was
  restart();

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, look());

  ASSERT_TRUE(wanted.published);
  EXPECT_EQ(wanted.published->descriptor.revision, "r3");
  EXPECT_THAT(wanted.news, testing::HasSubstr("lost what was followed"));
}

}  // namespace swarmout::test
