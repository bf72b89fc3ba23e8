// What becomes active when, with real orders and hooks, and a clock that is moved by hand.

#include "peer/gatekeeper.hpp"

#include "tests/peer/gatekeeping.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using testing::HasSubstr;
using testing::IsEmpty;

}  // namespace

TEST_F(GatekeeperTest, ByItselfAHostGoesAlongWithTheFleet) {
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::yes);
  EXPECT_THAT(held_back(), IsEmpty());
}

// Hooks.

TEST_F(GatekeeperTest, WhatItsHookAgreesToIsActivated) {
  options_.exec_before =
      "echo $SWARMOUT_RELEASE $SWARMOUT_REVISION $SWARMOUT_DIR $SWARMOUT_PREVIOUS_DIR >> " + (dir_ / "before").native();
  ASSERT_EQ(verdict(), Activation::Verdict::Kind::ask);
  ask();
  EXPECT_TRUE(gate_->busy());
  ASSERT_TRUE(settles());

  EXPECT_EQ(verdict(), Activation::Verdict::Kind::yes);
  EXPECT_EQ(lines_of("before"), "4 revision-2 " + two_tree_.native() + " " + one_tree_.native() + "\n");
}

TEST_F(GatekeeperTest, WhatItsHookRefusesIsNotAskedAgainUntilAPersonSaysSo) {
  options_.exec_before = "echo asked >> " + (dir_ / "before").native() + "; test -e " + (dir_ / "well").native();
  ask();
  ASSERT_TRUE(settles());
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::no);
  EXPECT_THAT(held_back(), HasSubstr("release 4: its hook refused it: it ended with status 1"));
  EXPECT_THAT(troubles_.current(), HasSubstr("its hook refused it"));
  restart();
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::no) << "remembered";

  ASSERT_OK(say_activate());
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::no) << "that is not what was asked for";
  ASSERT_OK(say_activate("", true));
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::ask);
  ask();
  ASSERT_TRUE(settles());
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::no) << "once, not for ever";
  ASSERT_OK(replace_file(dir_ / "well", as_bytes("")));
  ASSERT_OK(say_activate("", true));
  ASSERT_EQ(verdict(), Activation::Verdict::Kind::ask);
  ask();
  ASSERT_TRUE(settles());

  EXPECT_EQ(verdict(), Activation::Verdict::Kind::yes);
  EXPECT_EQ(lines_of("before"), "asked\nasked\nasked\n");
}

TEST_F(GatekeeperTest, WhatAHookRefusedThatWasTakenAwayIsNoTrouble) {
  options_.exec_before = "false";
  ask();
  ASSERT_TRUE(settles());
  ASSERT_THAT(troubles_.current(), HasSubstr("its hook refused it"));
  options_.exec_before.clear();
  clock_.advance(Troubles::kCalm);
  restart();
  EXPECT_THAT(troubles_.current(), IsEmpty());
  ASSERT_EQ(verdict(), Activation::Verdict::Kind::yes);
  go_to_two();

  options_.exec_before = "false";
  restart();

  EXPECT_THAT(troubles_.current(), IsEmpty()) << "it is active";
  here_ = {&one_, true, one_tree_};
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::ask) << "and forgotten";
}

TEST_F(GatekeeperTest, ARefusalIsTroubleOnlyWhereNothingElseHoldsTheReleaseBack) {
  options_.exec_before = "false";
  ask();
  ASSERT_TRUE(settles());
  options_.activate = *parse_when("hold");
  clock_.advance(Troubles::kCalm);

  look();

  EXPECT_THAT(troubles_.current(), IsEmpty());
  EXPECT_THAT(held_back(), HasSubstr("waits for `swarmout activate`"));
}

TEST_F(GatekeeperTest, AHostThatWaitsForAHookSaysForWhich) {
  options_.exec_after = "sleep 1000";
  go_to_two();
  EXPECT_THAT(held_back(), IsEmpty()) << "it is where the fleet is";
  EXPECT_FALSE(passing());
  const std::string since = utc(clock_.wall());
  clock_.advance(std::chrono::minutes(1));

  wanted_.published = one_;
  look();

  EXPECT_EQ(held_back(),
            "release 2: waits for the hook after the activation of release 4 (revision-2), at work since " + since);
  EXPECT_TRUE(passing());
}

TEST_F(GatekeeperTest, AHookThatWasInterruptedHasRefusedNothing) {
  options_.exec_before = "sleep 1000";
  ask();
  restart();

  EXPECT_EQ(verdict(), Activation::Verdict::Kind::ask);
}

TEST_F(GatekeeperTest, AHookAboutAReleaseThatNobodyWantsAnyMoreIsEnded) {
  options_.exec_before = "sleep 1000";
  ask();
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::wait);
  wanted_.published = Signer().release(Position{6}, "revision-3");

  ASSERT_TRUE(settles());
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::ask);
}

TEST_F(GatekeeperTest, TheHookAfterwardsRunsOnceAndTheNextActivationWaitsForIt) {
  options_.exec_after = "echo $SWARMOUT_RELEASE >> " + (dir_ / "after").native() + "; while ! test -e " +
                        (dir_ / "go").native() + "; do sleep 0.05; done";
  go_to_two();
  wanted_.published = one_;
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::wait);
  ASSERT_OK(replace_file(dir_ / "go", as_bytes("")));
  ASSERT_TRUE(settles());

  EXPECT_EQ(verdict(), Activation::Verdict::Kind::yes);
  restart();
  EXPECT_FALSE(gate_->busy());
  EXPECT_EQ(lines_of("after"), "4\n");
}

TEST_F(GatekeeperTest, AHookAfterwardsThatAServiceDidNotFinishIsRunByTheNext) {
  options_.exec_after = "echo $SWARMOUT_RELEASE >> " + (dir_ / "after").native();
  ASSERT_OK(gate_->switching(two_, here_));
  here_ = {&two_, true, two_tree_};  // and was killed

  restart();
  EXPECT_TRUE(gate_->busy());
  ASSERT_TRUE(settles());
  restart();

  EXPECT_FALSE(gate_->busy());
  EXPECT_EQ(lines_of("after"), "4\n");
}

TEST_F(GatekeeperTest, AServiceThatWasKilledBeforeItSwitchedRunsNoHook) {
  options_.exec_after = "echo $SWARMOUT_RELEASE >> " + (dir_ / "after").native();
  ASSERT_OK(gate_->switching(two_, here_));

  restart();

  EXPECT_FALSE(gate_->busy());
  EXPECT_EQ(lines_of("after"), "");
}

TEST_F(GatekeeperTest, AHookAfterwardsThatFailsIsTroubleAndTheReleaseStays) {
  options_.exec_after = "echo no such unit; exit 5";
  go_to_two();
  ASSERT_TRUE(settles());

  EXPECT_THAT(troubles_.current(), HasSubstr("after the activation of release 4 (revision-2) has failed"));
  EXPECT_THAT(troubles_.current(), HasSubstr("no such unit"));
  EXPECT_EQ(read_file(options_.state / "hooks/after-activate", kKiB).value_or(""), "no such unit\n");
}

TEST_F(GatekeeperTest, WhoWatchesAFileSeesEachActivation) {
  options_.touch = dir_ / "touched";
  go_to_two();
  ASSERT_TRUE(path_exists(options_.touch));
  std::filesystem::last_write_time(options_.touch,
                                   std::filesystem::last_write_time(options_.touch) - std::chrono::hours(1));
  const auto before = std::filesystem::last_write_time(options_.touch);

  gate_->switched(one_, one_tree_);

  EXPECT_GT(std::filesystem::last_write_time(options_.touch), before);
}

TEST_F(GatekeeperTest, AFileThatCannotBeTouchedIsTrouble) {
  options_.touch = dir_ / "none/touched";
  go_to_two();

  EXPECT_THAT(troubles_.current(), HasSubstr("none/touched"));
}

TEST_F(GatekeeperTest, AFurtherLinkIsMadeAgainWhenSomebodyTakesItAway) {
  options_.link = dir_ / "app";
  go_to_two();
  ASSERT_TRUE(std::filesystem::is_symlink(options_.link));
  std::filesystem::remove(options_.link);

  look();

  EXPECT_EQ(std::filesystem::read_symlink(options_.link), options_.dest / "current");
}

}  // namespace swarmout::test
