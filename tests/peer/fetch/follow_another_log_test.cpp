// A share that was lost and made anew, set back to a backup, or mistaken for another.

#include "tests/peer/fetch/follow_fixture.hpp"
#include "tests/support/fake_clock.hpp"

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

class AnotherLogTest : public FollowTest {
protected:
  AnotherLogTest() { state_->clock = &clock_; }

  SignedDescriptor made_now(Position position, const std::string& revision) {
    SignedDescriptor release = OtherHost::made_up(position, revision);
    release.descriptor.created = utc(clock_.wall());
    release.descriptor.manifest = sha256(revision);
    return signer_.sign(std::move(release));
  }
  /// A release under a claim of its own, a minute after whatever was before.
  SignedDescriptor publish(const std::string& revision) {
    clock_.advance(1min);
    const SignedDescriptor release = made_now(host_.share().tail({}).value().next().next(), revision);
    publish_as(release);
    return release;
  }
  /// What followed three releases, and remembers it.
  Seen after_three() {
    for (const char* const each : {"r1", "r2", "r3"}) {
      publish(each);
    }
    Follower follower(share_, key_, {}, clock_);
    EXPECT_THAT(follower.look(), IsOk());
    return follower.seen();
  }
  void lose_after(std::uint64_t position) {
    std::erase_if(state_->log, [&](const auto& entry) { return entry.first.value > position; });
  }
  void make_anew() {
    lose_after(0);
    state_->cluster = "made anew";
  }
  Result<Wanted> look(const Seen& seen) { return Follower(share_, key_, seen, clock_).look(); }

  FakeClock clock_;
};

}  // namespace

TEST_F(AnotherLogTest, AShareThatWasMadeAnewIsFollowedFromItsFirstRelease) {
  const Seen seen = after_three();
  make_anew();
  publish("r4");

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, look(seen));

  ASSERT_TRUE(wanted.published);
  EXPECT_EQ(wanted.published->descriptor.position, Position{2});
  EXPECT_THAT(wanted.news, testing::HasSubstr("another share"));
}

TEST_F(AnotherLogTest, ItIsSaidOnce) {
  Follower follower(share_, key_, after_three(), clock_);
  make_anew();
  publish("r4");
  ASSERT_OK_AND_ASSIGN(const Wanted first, follower.look());
  EXPECT_FALSE(first.news.empty());

  ASSERT_OK_AND_ASSIGN(const Wanted second, follower.look());

  EXPECT_TRUE(second.news.empty());
  EXPECT_TRUE(second.published);
}

TEST_F(AnotherLogTest, ARunningHostNoticesItToo) {
  after_three();
  Follower follower(share_, key_, {}, clock_);
  ASSERT_OK(follower.look());
  make_anew();
  publish("r4");

  std::string revision;
  for (int i = 0; i < 20 && revision != "r4"; ++i) {
    const auto wanted = follower.look();
    revision = wanted && wanted->published ? wanted->published->descriptor.revision : "";
  }

  EXPECT_EQ(revision, "r4");
}

TEST_F(AnotherLogTest, WhatIsStagedOnANewShareIsWanted) {
  const Seen seen = after_three();
  make_anew();
  clock_.advance(1min);
  stage(host_.claim(), made_now({2}, "r4"));

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, look(seen));

  EXPECT_TRUE(wanted.staged);
}

TEST_F(AnotherLogTest, ACopyOfTheShareAsItWasLastWeekIsRefused) {
  publish("r1");
  const auto last_week = state_->log;
  const Seen seen = after_three();
  state_->log = last_week;

  EXPECT_THAT(look(seen), FailsWith(ErrorCode::refused, "lost entries"));
}

TEST_F(AnotherLogTest, EntriesOfAnotherShareAreNoneHere) {
  const Seen seen = after_three();
  state_->cluster = "another";

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, look(seen));

  EXPECT_FALSE(wanted.published);
  ASSERT_TRUE(wanted.foreign);
  EXPECT_THAT(wanted.foreign->message, testing::HasSubstr("a copy"));
}

TEST_F(AnotherLogTest, ABackupIsRefusedUntilSomethingNewIsPublished) {
  const Seen seen = after_three();
  lose_after(2);
  EXPECT_THAT(look(seen), FailsWith(ErrorCode::refused, "lost entries"));

  publish("r4");

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, look(seen));
  ASSERT_TRUE(wanted.published);
  EXPECT_EQ(wanted.published->descriptor.position, Position{4}) << "below what was followed, 6";
  EXPECT_THAT(wanted.news, testing::HasSubstr("lost"));
}

TEST_F(AnotherLogTest, ABackupThatGrewPastWhatWasFollowedIsStillAnotherLog) {
  const Seen seen = after_three();
  lose_after(2);
  for (const char* const each : {"r4", "r5", "r6"}) {
    publish(each);
  }

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, look(seen));

  EXPECT_EQ(wanted.published->descriptor.revision, "r6");
  EXPECT_FALSE(wanted.news.empty());
}

TEST_F(AnotherLogTest, WhatTheBackupHadLostCannotComeBackLater) {
  after_three();
  const auto lost = state_->log;
  lose_after(2);
  publish("r4");
  Follower follower(share_, key_, {}, clock_);
  ASSERT_OK(follower.look());
  state_->log = lost;

  EXPECT_THAT(look(follower.seen()), FailsWith(ErrorCode::refused));
}

TEST_F(AnotherLogTest, TheSameTreeIsFollowedWhereverItIsPublished) {
  const SignedDescriptor old = publish("r1");
  clock_.advance(1h);
  publish_as(made_now(host_.share().tail({}).value().next().next(), "r1"));
  Follower follower(share_, key_, {}, clock_);
  ASSERT_OK(follower.look());
  make_anew();
  publish_as(old);

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, look(follower.seen()));

  EXPECT_TRUE(wanted.published);
}

TEST_F(AnotherLogTest, AReleaseOfAnotherKeyIsRefusedAndForgetsNothing) {
  const Seen seen = after_three();
  make_anew();
  publish_as(stranger_.release({2}, "r4"));

  Follower follower(share_, key_, seen, clock_);
  EXPECT_THAT(follower.look(), FailsWith(ErrorCode::refused, "not trusted"));
  EXPECT_EQ(follower.seen().release, seen.release);
}

TEST_F(AnotherLogTest, WithANewKeyOnThisHostWhatItSignsIsFollowed) {
  const Seen seen = after_three();
  make_anew();
  host_.sign_with(strangers_key());
  publish_as(stranger_.release({2}, "r4"));
  const TrustedKeys new_key = stranger_.trusted();

  ASSERT_OK_AND_ASSIGN(const Wanted wanted, Follower(share_, new_key, seen, clock_).look());

  EXPECT_EQ(wanted.published->descriptor.revision, "r4");
}

TEST_F(AnotherLogTest, FollowingOnCostsNoMoreThanALook) {
  publish("r1");
  Follower follower(share_, key_, {}, clock_);
  ASSERT_OK(follower.look());
  std::map<std::string, int> calls;
  share_.before = [&](std::string_view operation) -> std::optional<Error> {
    ++calls[std::string(operation)];
    return std::nullopt;
  };

  ASSERT_OK(follower.look());

  EXPECT_EQ(calls["read"] + calls["cluster"], 0);
}

}  // namespace swarmout::test
