// What a host does next, fed by hand: no files, no swarm, no share.

#include "tests/peer/coursing.hpp"
#include "tests/support/name_of.hpp"

namespace swarmout::test {

namespace {

struct Situation {
  std::string name;
  std::optional<SignedDescriptor> published;
  std::optional<SignedDescriptor> staged;
  Here here;
  std::string step;
};
void PrintTo(const Situation& situation, std::ostream* out) {
  *out << situation.name;
}

Here with_active(const SignedDescriptor& active, std::optional<Pursuit> pursuit = {}) {
  return {digest_of(active), false, std::move(pursuit)};
}

std::vector<Situation> situations() {
  const SignedDescriptor one = made_release(1);
  const SignedDescriptor two = made_release(2);
  const SignedDescriptor same_content = made_release(4, "release 2");
  const SignedDescriptor another_two = made_release(2, "something else");
  using State = Pursuit::State;
  return {
      {"NothingIsPublished", {}, {}, {}, "stay"},
      {"SomethingIsPublished", one, {}, {}, "begin r1"},
      {"WhatIsStagedComesFirst", one, two, {}, "begin r2"},
      {"TheNewestIsActive", one, {}, with_active(one), "stay"},
      {"ANewerOneIsPublished", two, {}, with_active(one), "begin r2"},
      {"ANewerOneIsStaged", one, two, with_active(one), "begin r2"},
      {"ItIsBeingFetched", two, {}, with_active(one, pursuit_of(two, State::working)), "stay"},
      {"ItIsReady", two, {}, with_active(one, pursuit_of(two, State::ready)), "activate"},
      {"ItIsReadyButOnlyStaged", one, two, with_active(one, pursuit_of(two, State::ready)), "stay"},
      {"ItHasFailed", two, {}, with_active(one, pursuit_of(two, State::failed)), "drop"},
      {"WhatWasStagedCameToNothing", one, {}, with_active(one, pursuit_of(two, State::working)), "drop"},
      {"AnotherOneIsWantedMeanwhile", two, {}, {{}, false, pursuit_of(one, State::working)}, "begin r2"},
      {"TheSameContentAsAnotherRelease", {}, same_content, {{}, false, pursuit_of(two, State::working)}, "adopt r4"},
      {"TheSameContentWhereTheTreeIsNotMade",
       {},
       same_content,
       {{}, false, pursuit_of(two, State::working, false)},
       "begin r4"},
      {"TheSameContentAfterAFailure", {}, same_content, {{}, false, pursuit_of(two, State::failed)}, "begin r4"},
      {"TheSameNumberInAnotherLog", another_two, {}, with_active(two), "begin r2"},
      {"TheSameNumberInAnotherLogIsBeingFetched",
       another_two,
       {},
       with_active(one, pursuit_of(two, State::ready)),
       "begin r2"},
      {"TheActiveTreeIsGone", two, {}, {}, "begin r2"},
      {"CurrentLeadsElsewhere", two, {}, {digest_of(two), true, {}}, "point back"},
      {"CurrentLeadsElsewhereWhileSomethingIsFetched",
       one,
       two,
       {digest_of(one), true, pursuit_of(two, State::working)},
       "point back"},
  };
}

class CourseTable : public testing::TestWithParam<Situation> {};

}  // namespace

TEST_P(CourseTable, Step) {
  const Situation& situation = GetParam();
  Wanted wanted;
  wanted.published = situation.published;
  wanted.staged = situation.staged;
  Course course(false);
  Here here = situation.here;
  here.verdict = verdict_on(wanted);

  EXPECT_EQ(spelt(course.next(wanted, here, MonotonicTime(1h))), situation.step);
}

INSTANTIATE_TEST_SUITE_P(Each, CourseTable, testing::ValuesIn(situations()), kNameOf);

// A release whose tree is here.

TEST_F(CourseTest, ATreeThatIsHereIsSwitchedToAtOnce) {
  wanted_.published = one_;
  here_.active = digest_of(two_);
  here_.tree_there = true;
  EXPECT_EQ(next(), "switch to r1");

  here_.pursuit = pursuit_of(two_, Pursuit::State::working);
  EXPECT_EQ(next(), "switch to r1") << "whatever else is being fetched";
  here_.pursuit = pursuit_of(one_, Pursuit::State::working, false);
  EXPECT_EQ(next(), "switch to r1") << "and before its packs are here";
}

TEST_F(CourseTest, AfterASwitchWhatIsMissingOfItsPacksIsFetched) {
  wanted_.published = one_;
  here_.active = digest_of(one_);
  here_.incomplete = true;
  EXPECT_EQ(next(), "begin r1");

  here_.pursuit = pursuit_of(one_, Pursuit::State::working, false);
  EXPECT_EQ(next(), "stay");
  here_.pursuit = pursuit_of(one_, Pursuit::State::failed, false);
  EXPECT_EQ(next(), "drop");
  here_.pursuit = pursuit_of(one_, Pursuit::State::ready, false);
  rule(Activation::Verdict::Kind::no);
  EXPECT_EQ(next(), "activate") << "it is active already, whatever may be said against it by now";
}

TEST_F(CourseTest, ATreeThatIsHereIsNoReasonToActivateWhatIsOnlyStaged) {
  wanted_.published = one_;
  wanted_.staged = two_;
  here_.active = digest_of(one_);
  here_.tree_there = true;

  EXPECT_EQ(next(), "begin r2");
}

TEST_F(CourseTest, ASwitchThatFailedIsTriedAgainLater) {
  wanted_.published = one_;
  here_.active = digest_of(two_);
  here_.tree_there = true;
  course_.failed({ErrorCode::cannot_write, "the disk is full", ""}, now_);
  EXPECT_EQ(next(), "stay");
  now_ += Course::kRetryAfter;

  EXPECT_EQ(next(), "switch to r1");
}

// What may not be activated yet.

TEST_F(CourseTest, WhatIsHeldBackIsFetchedAndWaits) {
  wanted_.published = two_;
  here_.active = digest_of(one_);
  rule(Activation::Verdict::Kind::no);
  EXPECT_EQ(next(), "begin r2");
  here_.pursuit = pursuit_of(two_, Pursuit::State::ready);
  EXPECT_EQ(next(), "stay");
  here_.tree_there = true;
  EXPECT_EQ(next(), "stay");

  rule(Activation::Verdict::Kind::yes);
  EXPECT_EQ(next(), "activate");
}

TEST_F(CourseTest, ItsHookIsAskedOnceAllOfItIsHere) {
  wanted_.published = two_;
  here_.active = digest_of(one_);
  rule(Activation::Verdict::Kind::ask);
  EXPECT_EQ(next(), "begin r2");
  here_.pursuit = pursuit_of(two_, Pursuit::State::ready);
  EXPECT_EQ(next(), "ask about r2");
  here_.pursuit.reset();
  here_.tree_there = true;
  EXPECT_EQ(next(), "ask about r2");

  rule(Activation::Verdict::Kind::wait);
  here_.pursuit = pursuit_of(two_, Pursuit::State::ready);
  EXPECT_EQ(next(), "stay") << "it is at work";
}

TEST_F(CourseTest, OnceDoesNotWaitForAPerson) {
  course_ = Course(true);
  wanted_.published = two_;
  here_.active = digest_of(one_);
  here_.pursuit = pursuit_of(two_, Pursuit::State::ready);
  looked();
  rule(Activation::Verdict::Kind::no);

  EXPECT_EQ(next(), "give up 75");
}

TEST_F(CourseTest, AfterAFailureItWaits) {
  wanted_.published = one_;
  course_.failed({ErrorCode::temporary, "no luck", ""}, now_);
  EXPECT_EQ(next(), "stay");
  now_ += Course::kRetryAfter;

  EXPECT_EQ(next(), "begin r1");
}

TEST_F(CourseTest, AnActivationThatFailedIsTriedAgainLater) {
  wanted_.published = one_;
  here_.pursuit = pursuit_of(one_, Pursuit::State::ready);
  course_.failed({ErrorCode::cannot_write, "the disk is full", ""}, now_);
  EXPECT_EQ(next(), "stay");
  now_ += Course::kRetryAfter;

  EXPECT_EQ(next(), "activate");
}

TEST_F(CourseTest, TheServiceNeverGivesUp) {
  wanted_.published = one_;
  for (int i = 0; i < 20; ++i) {
    course_.failed({ErrorCode::cannot_write, "the disk is full", ""}, now_);
    now_ += Course::kRetryAfter;
  }

  EXPECT_EQ(next(), "begin r1");
}

}  // namespace swarmout::test
