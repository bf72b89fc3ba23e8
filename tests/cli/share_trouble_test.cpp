#include "cli/share_trouble.hpp"

#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

const Error kAway{ErrorCode::temporary, "the share does not answer", {}};

class ShareTroubleTest : public testing::Test {
protected:
  bool fails(std::chrono::seconds at, const Error& error = kAway) {
    return ShareTrouble(temp_.path()).worth_saying(error, start_ + at);
  }
  std::optional<std::string> succeeds(std::chrono::seconds at) { return ShareTrouble(temp_.path()).over(start_ + at); }

  TempDir temp_;
  WallTime start_{std::chrono::hours(24 * 20000)};
};

}  // namespace

TEST_F(ShareTroubleTest, TheFirstFailureIsSaidAndTheNextOnesAreNot) {
  EXPECT_TRUE(fails(0s));
  EXPECT_FALSE(fails(60s));
  EXPECT_FALSE(fails(2h));
}

TEST_F(ShareTroubleTest, WhatLastsIsSaidAgainAfterSixHours) {
  EXPECT_TRUE(fails(0s));
  EXPECT_FALSE(fails(6h - 1s));
  EXPECT_TRUE(fails(6h));
  EXPECT_FALSE(fails(6h + 60s));
}

TEST_F(ShareTroubleTest, ItsEndIsSaidOnceWithHowLongItLasted) {
  ASSERT_TRUE(fails(0s));
  ASSERT_FALSE(fails(60s));

  EXPECT_THAT(succeeds(125s).value_or(""), testing::HasSubstr("2 min 5 s"));
  EXPECT_EQ(succeeds(185s), std::nullopt);
}

TEST_F(ShareTroubleTest, AShareThatComesAndGoesIsNotSaidEachTime) {
  ASSERT_TRUE(fails(0s));
  ASSERT_NE(succeeds(60s), std::nullopt);

  EXPECT_FALSE(fails(120s));
  EXPECT_EQ(succeeds(180s), std::nullopt) << "nobody was told that there was trouble";
}

TEST_F(ShareTroubleTest, ARunThatWasAlwaysWellSaysNothing) {
  EXPECT_EQ(succeeds(0s), std::nullopt);
}

TEST_F(ShareTroubleTest, AnotherKindOfErrorIsAlwaysSaid) {
  const Error failed{ErrorCode::failed, "the export failed", {}};
  EXPECT_TRUE(fails(0s, failed));
  EXPECT_TRUE(fails(1s, failed));
}

TEST_F(ShareTroubleTest, AClockThatWasSetBackDoesNotSilenceAHostForever) {
  ASSERT_TRUE(fails(24h));

  EXPECT_TRUE(fails(0s));
}

TEST_F(ShareTroubleTest, ADamagedMemoryIsNone) {
  write_file(temp_ / "trouble", "garbage");

  EXPECT_TRUE(fails(0s));
  EXPECT_FALSE(fails(1s));
}

TEST_F(ShareTroubleTest, WhatCannotBeRememberedIsSaid) {
  ShareTrouble nowhere(temp_ / "no such directory");

  EXPECT_TRUE(nowhere.worth_saying(kAway, start_));
  EXPECT_TRUE(nowhere.worth_saying(kAway, start_ + 1s));
}

}  // namespace swarmout::test
