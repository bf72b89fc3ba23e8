// What becomes active when, with real orders and hooks, and a clock that is moved by hand.

#include "peer/gatekeeper.hpp"

#include "tests/peer/fetch/following.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

class GatekeeperTest : public testing::Test {
protected:
  void SetUp() override {
    options_.state = dir_ / "state";
    options_.hook_timeout = 30s;
    ASSERT_OK(make_directories(options_.state));
    ASSERT_OK(make_directories(one_tree_));
    ASSERT_OK(make_directories(two_tree_));
    wanted_.published = two_;
    restart();
  }
  void restart() {
    gate_.reset();
    gate_ = std::make_unique<Gatekeeper>(options_, clock_, troubles_, narrate_);
    look();
  }
  void look() { gate_->look(wanted_, fleet_trust(), here_); }
  Activation::Verdict::Kind verdict() {
    look();
    const Wanted aims = gate_->aims(wanted_, here_);
    return gate_->verdict(*goal_of(aims), aims, here_).kind;
  }
  void ask() { gate_->ask(two_, two_tree_, here_); }
  void go_to_two() {
    ASSERT_OK(gate_->switching(two_, here_));
    here_ = {&two_, true, two_tree_};
    gate_->switched(two_, two_tree_);
  }
  bool settles() {
    return wait_for([&] {
      look();
      return !gate_->busy();
    });
  }
  std::string held_back() { return gate_->held_back(wanted_, here_); }
  std::string lines_of(const char* file) { return read_file(dir_ / file, kKiB).value_or(""); }
  Result<void> say_activate(const std::string& release = "", bool again = false) {
    return save_go_once(options_.state, {release, again, "root", "today"});
  }

  TempDir dir_;
  FakeClock clock_;
  PeerOptions options_;
  std::vector<std::string> said_;
  Narrator narrate_ = [this](const std::string& line) { said_.push_back(line); };
  Troubles troubles_{clock_, [](Troubles::Line, const std::string&) {}};
  const SignedDescriptor one_ = Signer().release(Position{2}, "revision-1");
  const SignedDescriptor two_ = Signer().release(Position{4}, "revision-2");
  const Path one_tree_ = dir_ / "one";
  const Path two_tree_ = dir_ / "two";
  Wanted wanted_;
  OnThisHost here_{&one_, true, one_tree_};
  std::unique_ptr<Gatekeeper> gate_;
};

}  // namespace

TEST_F(GatekeeperTest, ByItselfAHostGoesAlongWithTheFleet) {
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::yes);
  EXPECT_THAT(held_back(), IsEmpty());
}

// activate

TEST_F(GatekeeperTest, AHostOnHoldGoesOnOnceWhenItIsTold) {
  options_.activate = *parse_when("hold");
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::no);
  EXPECT_EQ(held_back(), "release 4: waits for `swarmout activate`");

  ASSERT_OK(say_activate());
  restart();
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::yes) << "also after a restart";
  go_to_two();

  EXPECT_FALSE(path_exists(options_.state / "activate")) << "once";
  wanted_.published = one_;
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::no);
}

TEST_F(GatekeeperTest, AnOrderForAnotherReleaseIsForgotten) {
  options_.activate = *parse_when("hold");
  ASSERT_OK(say_activate("99"));

  EXPECT_EQ(verdict(), Activation::Verdict::Kind::no);
  EXPECT_FALSE(path_exists(options_.state / "activate"));
  EXPECT_THAT(said_, testing::Contains(HasSubstr("not the release that waits")));
}

TEST_F(GatekeeperTest, AnOrderThatNothingWaitsForIsForgotten) {
  options_.activate = *parse_when("hold");
  wanted_.published = one_;
  ASSERT_OK(say_activate());
  look();

  EXPECT_FALSE(path_exists(options_.state / "activate"));
  wanted_.published = two_;
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::no);
}

TEST_F(GatekeeperTest, BeforeTheShareWasReadNoOrderIsForgotten) {
  wanted_ = {};
  ASSERT_OK(say_activate("4"));
  look();

  EXPECT_TRUE(path_exists(options_.state / "activate"));
}

TEST_F(GatekeeperTest, AnOrderWaitsForWhatIsStaged) {
  options_.activate = *parse_when("hold");
  wanted_.published = one_;
  wanted_.staged = two_;
  ASSERT_OK(say_activate("revision-2"));
  look();
  EXPECT_TRUE(path_exists(options_.state / "activate"));

  wanted_.staged.reset();
  wanted_.published = two_;

  EXPECT_EQ(verdict(), Activation::Verdict::Kind::yes);
}

// A hold here.

TEST_F(GatekeeperTest, AHeldHostGoesForTheHeldReleaseAndStays) {
  ASSERT_OK(save_host_hold(options_.state, {two_, "to look at it", "root", "today"}));
  wanted_.published = one_;
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::yes);
  EXPECT_EQ(digest_of(*gate_->aims(wanted_, here_).published), digest_of(two_));
  go_to_two();
  EXPECT_EQ(digest_of(*gate_->aims(wanted_, here_).published), digest_of(one_)) << "fetched, for later";
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::no);
  EXPECT_EQ(held_back(), "held here on release 4 by root since today: to look at it");

  restart();
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::no);
  ASSERT_OK(end_host_hold(options_.state));

  EXPECT_EQ(verdict(), Activation::Verdict::Kind::yes);
  EXPECT_THAT(held_back(), IsEmpty());
}

TEST_F(GatekeeperTest, AHoldThatNobodyCanReadIsAHold) {
  ASSERT_OK(replace_file(options_.state / "hold", as_bytes("garbage")));

  EXPECT_EQ(verdict(), Activation::Verdict::Kind::no);
  EXPECT_THAT(held_back(), HasSubstr("damaged"));
  EXPECT_THAT(troubles_.current(), HasSubstr("damaged"));
}

TEST_F(GatekeeperTest, AHoldOnAReleaseThatAStrangerSignedLeadsNowhere) {
  ASSERT_OK(save_host_hold(options_.state, {Signer(strangers_key()).release(Position{8}, "evil"), "x", "root", "now"}));
  look();

  EXPECT_EQ(digest_of(*gate_->aims(wanted_, here_).published), digest_of(two_));
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::no);
}

TEST_F(GatekeeperTest, ATreeThatIsMadeAnewNeedsNoOrder) {
  options_.activate = *parse_when("hold");
  wanted_.published = one_;
  here_.whole = false;

  EXPECT_EQ(verdict(), Activation::Verdict::Kind::yes);
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
