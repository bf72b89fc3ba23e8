#include "common/fleet/freshness.hpp"

#include "common/fleet/log_reader.hpp"
#include "tests/common/fleet/log_builder.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

const WallTime kThen = *parse_utc("2026-11-23T12:00:00Z");  ///< of what a LogBuilder writes

class FreshnessTest : public LogTest {
protected:
  std::optional<Freshness> at(WallTime now) { return freshness_of(view(), now); }
  std::optional<Error> complaint(WallTime now, std::chrono::milliseconds max_age = 2h) {
    return too_old(at(now), max_age, "share");
  }
};

}  // namespace

TEST_F(FreshnessTest, NothingSignedIsNotFresh) {
  EXPECT_FALSE(at(kThen));
  ASSERT_TRUE(complaint(kThen));
  EXPECT_EQ(complaint(kThen)->code, ErrorCode::temporary);
}

TEST_F(FreshnessTest, TheNewestSignedEntryCounts) {
  log_.claim();

  EXPECT_EQ(at(kThen + 90min)->age, 90min);
  EXPECT_FALSE(complaint(kThen + 2h));
  ASSERT_TRUE(complaint(kThen + 2h + 1s));
  EXPECT_EQ(complaint(kThen + 3h)->code, ErrorCode::temporary);
  EXPECT_THAT(complaint(kThen + 3h)->message, testing::HasSubstr("2026-11-23T12:00:00Z"));
}

TEST_F(FreshnessTest, WithoutABoundNothingIsTooOld) {
  log_.claim();

  EXPECT_FALSE(complaint(kThen + 10000h, 0ms));
}

TEST_F(FreshnessTest, WhatNobodySignedFreshensNothing) {
  log_.claim();
  LogEntry forged = log_.next(EntryKind::claim);
  forged.time = "2026-11-23T15:00:00Z";
  log_.append(encode_with(forged, strangers_key()));

  EXPECT_TRUE(complaint(kThen + 3h));
}

TEST_F(FreshnessTest, AClockThatIsALittleAheadIsFine) {
  log_.claim();

  EXPECT_EQ(at(kThen - 30min)->age, 0ms);
  EXPECT_FALSE(complaint(kThen - 30min));
}

TEST_F(FreshnessTest, ATimeFarInTheFutureIsNotFreshForEver) {
  log_.claim();

  EXPECT_TRUE(at(kThen - 2h)->ahead);
  EXPECT_EQ(at(kThen - 2h)->age, 0ms);
  ASSERT_TRUE(complaint(kThen - 2h));
  EXPECT_THAT(complaint(kThen - 2h)->message, testing::HasSubstr("not yet"));
}

}  // namespace swarmout::test
