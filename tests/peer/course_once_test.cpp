// How `peer --once` comes to an end.

#include "tests/peer/coursing.hpp"

namespace swarmout::test {

TEST_F(CourseTest, OnceEndsWhenTheNewestIsActive) {
  course_ = Course(true);
  wanted_.published = one_;
  here_.active = digest_of(one_);
  looked();

  EXPECT_EQ(next(), "arrived");
}

TEST_F(CourseTest, OnceWaitsForWhatIsStaged) {
  course_ = Course(true);
  wanted_.published = one_;
  wanted_.staged = two_;
  here_.active = digest_of(one_);
  here_.pursuit = pursuit_of(two_, Pursuit::State::ready);
  looked();

  EXPECT_EQ(next(), "stay");
}

TEST_F(CourseTest, OnceEndsWithWhatStandsThereInsteadIfThatIsOfAKeyThatIsMissingHere) {
  course_ = Course(true);
  wanted_.foreign = Error{ErrorCode::refused, "2 entries are not signed by a key that this host trusts", {}};
  looked();

  EXPECT_EQ(next(), "give up 65");
}

TEST_F(CourseTest, OnceEndsIfNothingIsPublished) {
  course_ = Course(true);
  EXPECT_EQ(next(), "stay") << "it has not looked yet";
  looked();

  EXPECT_EQ(next(), "give up 66");
}

TEST_F(CourseTest, OnceEndsIfWhatIsPublishedIsRefused) {
  course_ = Course(true);
  course_.looked(fail(ErrorCode::refused, "not ours"));

  EXPECT_EQ(next(), "give up 65");
}

TEST_F(CourseTest, WhileTheStoreIsOnItsWayToHaveWhatIsActiveNothingElseBeginsOrEndsTheRun) {
  course_ = Course(true);
  wanted_.published = two_;
  here_.active = digest_of(two_);
  here_.keeping = true;

  EXPECT_EQ(next(), "stay") << "it would be arrived";
  wanted_.staged = made_release(3);
  EXPECT_EQ(next(), "stay") << "it would begin";
  course_.looked(fail(ErrorCode::refused, "a lie"));
  EXPECT_EQ(next(), "stay") << "it would give up";

  here_.keeping = false;
  EXPECT_EQ(next(), "give up " + std::to_string(static_cast<int>(ErrorCode::refused)));
}

TEST_F(CourseTest, OnceStaysWhileTheShareIsAway) {
  course_ = Course(true);
  course_.looked(fail(ErrorCode::temporary, "away"));

  EXPECT_EQ(next(), "stay");
}

TEST_F(CourseTest, OnceGivesUpAfterAFewFailures) {
  course_ = Course(true);
  wanted_.published = one_;
  for (unsigned i = 0; i < Course::kAttempts; ++i) {
    EXPECT_EQ(next(), "begin r1");
    course_.failed({ErrorCode::temporary, "no luck", ""}, now_);
    now_ += Course::kRetryAfter;
  }

  EXPECT_EQ(next(), "give up 75");
}

TEST_F(CourseTest, OnceGivesUpAtOnceWhereSomebodyMustAct) {
  course_ = Course(true);
  wanted_.published = one_;
  course_.failed({ErrorCode::cannot_write, "something is in the way", ""}, now_);

  EXPECT_EQ(next(), "give up 73");
}

}  // namespace swarmout::test
