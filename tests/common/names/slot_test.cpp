#include "common/names/slot.hpp"

#include "common/base/clock.hpp"
#include "common/fleet/log_entry.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

/// 2026-11-23T12:00:00Z
const WallTime kNoon{std::chrono::seconds(1'795'435'200)};

}  // namespace

TEST(Slot, AtTheBoundaryItIsTheBoundary) {
  EXPECT_EQ(slot_of(kNoon, 1h), "2026-11-23T12:00:00Z/3600");
}

TEST(Slot, JustBeforeTheBoundaryIsTheSameRun) {
  EXPECT_EQ(slot_of(kNoon - 100ms, 1h), slot_of(kNoon, 1h));
}

TEST(Slot, JustAfterTheBoundaryIsTheSameRun) {
  EXPECT_EQ(slot_of(kNoon + 100ms, 1h), slot_of(kNoon, 1h));
}

TEST(Slot, UpToHalfAPeriodLateIsTheSameRun) {
  EXPECT_EQ(slot_of(kNoon + 29min + 59s, 1h), slot_of(kNoon, 1h));
}

TEST(Slot, FromHalfAPeriodOnItIsTheNextRun) {
  EXPECT_EQ(slot_of(kNoon + 30min, 1h), "2026-11-23T13:00:00Z/3600");
}

TEST(Slot, UpToHalfAPeriodEarlyIsTheSameRun) {
  EXPECT_EQ(slot_of(kNoon - 30min, 1h), slot_of(kNoon, 1h));
}

TEST(Slot, MoreThanHalfAPeriodEarlyIsTheRunBefore) {
  EXPECT_EQ(slot_of(kNoon - 30min - 1s, 1h), "2026-11-23T11:00:00Z/3600");
}

TEST(Slot, AnotherPeriodIsAnotherSlot) {
  EXPECT_NE(slot_of(kNoon, 1h), slot_of(kNoon, 30min));
}

TEST(Slot, PeriodsOfDaysEndAtMidnightUtc) {
  EXPECT_EQ(slot_of(kNoon + 1h, 24h), "2026-11-24T00:00:00Z/86400");
}

TEST(Slot, APeriodOfOneSecondIsTheSecond) {
  EXPECT_EQ(slot_of(kNoon + 5s + 900ms, 1s), "2026-11-23T12:00:05Z/1");
}

TEST(ParseUtc, ReadsWhatUtcWrites) {
  EXPECT_EQ(parse_utc(utc(kNoon + 61s)), kNoon + 61s);
}

TEST(ParseUtc, ReadsTheBeginningOfTime) {
  EXPECT_EQ(parse_utc("1970-01-01T00:00:00Z"), WallTime{});
}

TEST(ParseUtc, RefusesAYearThatNoClockHereCountsTo) {
  EXPECT_TRUE(parse_utc("2262-04-11T23:47:15Z"));
  EXPECT_EQ(parse_utc("2262-04-11T23:47:17Z"), std::nullopt);
  EXPECT_EQ(parse_utc("4052-11-26T11:29:34Z"), std::nullopt);
  EXPECT_EQ(parse_utc("9999-12-31T23:59:59Z"), std::nullopt);
}

TEST(ParseUtc, RefusesAnEmptyText) {
  EXPECT_EQ(parse_utc(""), std::nullopt);
}

TEST(ParseUtc, RefusesATimeWithoutItsZone) {
  EXPECT_EQ(parse_utc("2026-11-23T12:00:00"), std::nullopt);
}

TEST(ParseUtc, RefusesAnotherZone) {
  EXPECT_EQ(parse_utc("2026-11-23T12:00:00+01:00"), std::nullopt);
}

TEST(ParseUtc, RefusesSomethingBehindIt) {
  EXPECT_EQ(parse_utc("2026-11-23T12:00:00Z "), std::nullopt);
}

TEST(ParseUtc, RefusesAnImpossibleMonth) {
  EXPECT_EQ(parse_utc("2026-13-01T12:00:00Z"), std::nullopt);
}

TEST(ParseUtc, RefusesWords) {
  EXPECT_EQ(parse_utc("yesterday"), std::nullopt);
}

TEST(ParseUtc, RefusesADayThatItsMonthDoesNotHave) {
  EXPECT_EQ(parse_utc("2026-02-31T12:00:00Z"), std::nullopt);
}

TEST(ParseUtc, RefusesNumbersWithoutTheirZeros) {
  EXPECT_EQ(parse_utc("2026-1-3T1:2:3Z"), std::nullopt);
}

TEST(WallTimes, OfFilesAndServersAreTheNearestThereAre) {
  constexpr std::chrono::seconds longest{std::numeric_limits<std::int64_t>::max()};

  EXPECT_EQ(wall_time(3s, 5ns), WallTime(3s + 5ns));
  EXPECT_EQ(wall_time(-1s, 999ms), WallTime{});
  EXPECT_EQ(wall_time(-longest), WallTime{});
  EXPECT_EQ(utc(wall_time(longest, 999ms)), "2262-04-11T23:47:15Z");
  EXPECT_GT(wall_time(longest) + 500ms - wall_time(-longest), 0s);
}

}  // namespace swarmout::test
