#include "common/fleet/troubles.hpp"

#include "tests/support/fake_clock.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class TroublesTest : public testing::Test {
protected:
  void has(const std::string& message, ErrorCode code = ErrorCode::temporary) {
    troubles_.has("share", {code, message, ""});
  }

  FakeClock clock_;
  std::vector<std::string> said_;
  Troubles troubles_{clock_, [this](Troubles::Line, const std::string& text) { said_.push_back(text); }};
};

}  // namespace

TEST_F(TroublesTest, ATroubleIsSaidOnceHoweverOftenItIsMet) {
  for (int i = 0; i < 100; ++i) {
    has("the share is away");
    clock_.advance(5s);
  }

  EXPECT_THAT(said_, ElementsAre("the share is away"));
}

TEST_F(TroublesTest, ASentenceWithOtherNumbersIsTheSameTrouble) {
  has("no entry 7");
  has("no entry 8");

  EXPECT_THAT(said_, ElementsAre("no entry 7"));
  EXPECT_EQ(troubles_.current(), "no entry 7") << "what is shown does not change all the time";
}

TEST_F(TroublesTest, AnotherCodeIsNews) {
  has("does not answer");
  has("was never initialised", ErrorCode::unavailable);
  has("does not answer");

  EXPECT_THAT(said_, ElementsAre("does not answer", "was never initialised"));
}

TEST_F(TroublesTest, EachHourItIsSaidAgain) {
  has("away");
  clock_.advance(59min);
  has("away");
  clock_.advance(1min);
  has("away");

  EXPECT_THAT(said_, ElementsAre("away", AllOf(HasSubstr("60 min"), HasSubstr("away"))));
}

TEST_F(TroublesTest, TheEndIsSaidOnceItHasBeenWellForAWhile) {
  has("away");
  clock_.advance(30s);
  has("away");
  troubles_.well("share");
  EXPECT_EQ(said_.size(), 1U);
  EXPECT_EQ(troubles_.current(), "away");
  clock_.advance(Troubles::kCalm);

  troubles_.well("share");
  troubles_.well("share");

  EXPECT_THAT(said_, ElementsAre("away", AllOf(HasSubstr("over"), HasSubstr("30 s"))));
  EXPECT_EQ(troubles_.current(), "");
}

TEST_F(TroublesTest, WhatComesAndGoesIsOneTrouble) {
  for (int i = 0; i < 300; ++i) {
    i % 3 == 0 ? has("away") : troubles_.well("share");
    EXPECT_EQ(troubles_.current(), "away") << "a record that flaps is a write each time";
    clock_.advance(2s);
  }

  EXPECT_EQ(said_.size(), 1U);
}

TEST_F(TroublesTest, WhatWasSolvedIsOverAtOnce) {
  has("the disk is full");

  troubles_.solved("share");

  EXPECT_EQ(troubles_.current(), "");
  EXPECT_EQ(said_.size(), 2U);
}

TEST_F(TroublesTest, TheYoungestTroubleIsTheCurrentOne) {
  has("away");
  clock_.advance(1s);
  troubles_.has("disk", {ErrorCode::cannot_write, "full", ""});
  clock_.advance(1s);
  has("away");
  EXPECT_EQ(troubles_.current(), "full");

  troubles_.solved("disk");

  EXPECT_EQ(troubles_.current(), "away");
}

TEST_F(TroublesTest, WhatWasNeverInTroubleIsNotSaidToBeOver) {
  troubles_.well("share");
  troubles_.solved("share");

  EXPECT_TRUE(said_.empty());
}

}  // namespace swarmout::test
