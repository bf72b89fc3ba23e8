// What a host remembers of what it has followed, over shares that are made anew and disks that fail.

#include "peer/lookout.hpp"

#include "tests/peer/fetch/follow_fixture.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

class LookoutTest : public FollowTest {
protected:
  LookoutTest() {
    options_.state = dir_.path();
    options_.keys = dir_ / "keys";
    state_->clock = &clock_;
  }
  Lookout lookout(Seen seen = {}) { return {options_, clock_, share_, key_, std::move(seen), troubles_, narrate_}; }
  void look(Lookout& lookout) {
    EXPECT_THAT(lookout.look(false, [] { return std::size_t{1}; }), IsOk());
  }
  /// The COMMIT of a hold, that names what is current.
  void hold(Position release) {
    EXPECT_THAT(publish_by_hand(host_.pen(), host_.claim(), entry_at(share_, release), "to look at it", {}), IsOk());
  }
  Seen saved() const { return load_seen(options_.state).value(); }

  TempDir dir_;
  FakeClock clock_;
  PeerOptions options_;
  Narrator narrate_ = [](const std::string&) {};
  Troubles troubles_{clock_, [](Troubles::Line, const std::string&) {}};
};

}  // namespace

TEST_F(LookoutTest, WhatTheDiskDoesNotTakeIsTriedAgainAtTheNextLook) {
  publish_next("r1");
  Lookout lookout = this->lookout();
  look(lookout);
  write_file(dir_ / "seen/in-the-way", "");

  lookout.activated();
  EXPECT_THAT(troubles_.current(), testing::HasSubstr("seen"));
  std::filesystem::remove_all(dir_ / "seen");
  look(lookout);

  EXPECT_EQ(saved(), lookout.seen());
}

TEST_F(LookoutTest, WhenTheActiveReleaseIsNamedAgainThatIsRememberedInALogThatBeganAnewToo) {
  Seen before;  // another log, that had come further
  before.cluster = "another";
  before.key = signed_with(signer_.release(Position{2}, "r1").signature);
  before.position = before.commit = Position{6};
  before.release = before.entry = sha256("of the other log");
  before.newest = *parse_utc("2026-01-01T00:00:00Z");
  Lookout lookout = this->lookout(before);
  SignedDescriptor release = OtherHost::made_up(Position{2}, "r1");
  release.descriptor.created = "2026-02-01T00:00:00Z";
  release = signer_.sign(release);
  publish_as(release);
  look(lookout);
  ASSERT_EQ(lookout.seen().commit, Position{2});
  lookout.activated();

  hold(Position{2});
  look(lookout);
  lookout.remember(digest_of(release));

  EXPECT_EQ(saved().commit, Position{4});
  EXPECT_EQ(saved(), lookout.seen());
}

TEST_F(LookoutTest, WhatIsNotActiveHereIsNotRememberedYet) {
  publish_next("r1");
  Lookout lookout = this->lookout();
  look(lookout);

  lookout.remember(sha256("another release"));

  EXPECT_EQ(saved(), Seen{});
}

}  // namespace swarmout::test
