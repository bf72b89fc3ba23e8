// What a person tells one host: when it is done, and what is said of what is not.

#include "tests/peer/gatekeeping.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class GatekeeperOrders : public GatekeeperTest {
protected:
  std::string current_;
};

}  // namespace

// activate

TEST_F(GatekeeperOrders, AHostOnHoldGoesOnOnceWhenItIsTold) {
  options_.activate = *parse_when("hold");
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::no);
  EXPECT_EQ(held_back(), "release 4: waits for `swarmout activate`");
  EXPECT_FALSE(passing()) << "a person ends that";

  ASSERT_OK(say_activate());
  restart();
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::yes) << "also after a restart";
  go_to_two();

  EXPECT_FALSE(path_exists(options_.state / "activate")) << "once";
  wanted_.published = one_;
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::no);
}

TEST_F(GatekeeperOrders, AnOrderForAnotherReleaseIsForgotten) {
  options_.activate = *parse_when("hold");
  ASSERT_OK(say_activate("99"));

  EXPECT_EQ(verdict(), Activation::Verdict::Kind::no);
  EXPECT_FALSE(path_exists(options_.state / "activate"));
  EXPECT_THAT(troubles_.current(), HasSubstr("`activate 99` of root was not done: that is not the release that waits"));
  EXPECT_THAT(said_, IsEmpty());

  ASSERT_OK(say_activate("4"));
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::yes);
  EXPECT_THAT(troubles_.current(), IsEmpty()) << "another order fits";
}

TEST_F(GatekeeperOrders, AnOrderMayNameATag) {
  SignedDescriptor tagged = OtherHost::made_up(Position{4}, "revision-2");
  tagged.descriptor.name = "v5";
  wanted_.published = Signer().sign(std::move(tagged));
  options_.activate = *parse_when("hold");
  ASSERT_OK(say_activate("v4"));
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::no);
  EXPECT_THAT(troubles_.current(), HasSubstr("`activate v4` of root was not done"));

  ASSERT_OK(say_activate("v5"));

  EXPECT_EQ(verdict(), Activation::Verdict::Kind::yes);
  EXPECT_THAT(troubles_.current(), IsEmpty());
}

TEST_F(GatekeeperOrders, AnOrderThatNothingWaitsForIsForgotten) {
  options_.activate = *parse_when("hold");
  wanted_.published = one_;
  ASSERT_OK(say_activate());
  look();

  EXPECT_FALSE(path_exists(options_.state / "activate"));
  wanted_.published = two_;
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::no);
}

TEST_F(GatekeeperOrders, BeforeTheShareWasReadNoOrderIsForgotten) {
  wanted_ = {};
  ASSERT_OK(say_activate("4"));
  look();

  EXPECT_TRUE(path_exists(options_.state / "activate"));
}

TEST_F(GatekeeperOrders, AnOrderWaitsForWhatIsStaged) {
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

TEST_F(GatekeeperOrders, AnOrderToAHeldHostIsNotDoneLater) {
  options_.activate = *parse_when("hold");
  ASSERT_OK(say_activate());
  ASSERT_OK(save_host_hold(options_.state, {std::nullopt, "to look at it", "root", "today"}));
  look();
  EXPECT_FALSE(path_exists(options_.state / "activate"));
  EXPECT_THAT(troubles_.current(), HasSubstr("was not done: this host is held here by root since today"));

  ASSERT_OK(end_host_hold(options_.state));

  EXPECT_EQ(verdict(), Activation::Verdict::Kind::no);
}

// A hold here.

TEST_F(GatekeeperOrders, AHeldHostGoesForTheHeldReleaseAndStays) {
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

TEST_F(GatekeeperOrders, AHoldThatNobodyCanReadIsAHold) {
  ASSERT_OK(replace_file(options_.state / "hold", as_bytes("garbage")));

  EXPECT_EQ(verdict(), Activation::Verdict::Kind::no);
  EXPECT_THAT(held_back(), HasSubstr("damaged"));
  EXPECT_THAT(troubles_.current(), HasSubstr("damaged"));
}

TEST_F(GatekeeperOrders, AHoldOnAReleaseThatAStrangerSignedLeadsNowhere) {
  ASSERT_OK(save_host_hold(options_.state, {Signer(strangers_key()).release(Position{8}, "evil"), "x", "root", "now"}));
  look();

  EXPECT_EQ(digest_of(*gate_->aims(wanted_, here_).published), digest_of(two_));
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::no);
}

TEST_F(GatekeeperOrders, ATreeThatIsMadeAnewNeedsNoOrder) {
  options_.activate = *parse_when("hold");
  wanted_.published = one_;
  here_.whole = false;

  EXPECT_EQ(verdict(), Activation::Verdict::Kind::yes);
}

TEST_F(GatekeeperOrders, WhatCurrentLeadsToWithoutARecordNeedsNoOrder) {
  options_.activate = *parse_when("hold");
  here_ = {nullptr, false, {}, [this](const Descriptor& release) { return release.revision == current_; }};
  EXPECT_EQ(verdict(), Activation::Verdict::Kind::no);

  current_ = "revision-2";

  EXPECT_EQ(verdict(), Activation::Verdict::Kind::yes) << "a service that was killed after it had switched";
  EXPECT_THAT(held_back(), IsEmpty());
}

}  // namespace swarmout::test
