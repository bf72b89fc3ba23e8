#include "peer/keep/gc_plan.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Digest digest(const std::string& text) {
  return sha256(text);
}

/// Newest first: trees and releases 9, 8, 7, …, each with a pack of 100 bytes of its own and one that all share.
GcInput holding(std::size_t count) {
  GcInput input;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = std::to_string(9 - i);
    input.trees.push_back({"t" + name, digest(name), 1000, 10});
    input.releases.push_back(
        {digest("d" + name), {9 - i}, "r" + name, digest(name), {{digest("p" + name), 100}, {digest("shared"), 5000}}});
  }
  if (count > 0) {
    input.trees.front().needed = kCurrent;
    input.releases.front().needed = kCurrent;
  }
  input.of_trees = input.of_packs = {100'000, 50'000, 0, 0};
  return input;
}

std::vector<std::string> names(const GcPlan& plan) {
  std::vector<std::string> found;
  for (const Removal& each : plan.removals) {
    found.push_back(each.name);
  }
  return found;
}

}  // namespace

TEST(GcPlan, TheNewestStayAndTheOldestGoFirst) {
  const GcPlan plan = plan_gc(holding(5));

  EXPECT_THAT(names(plan), ElementsAre("t5", "t6", "release 5 (r5)", "release 6 (r6)"));
  EXPECT_EQ(plan.removals.front().why, "beyond the newest 3");
  EXPECT_EQ(plan.short_of, "");
}

TEST(GcPlan, NothingGoesWhereThereAreFew) {
  EXPECT_THAT(names(plan_gc(holding(3))), IsEmpty());
  EXPECT_THAT(names(plan_gc(holding(1))), IsEmpty());
  EXPECT_THAT(names(plan_gc(holding(0))), IsEmpty());
}

TEST(GcPlan, WhatIsNeededStaysHoweverOldItIs) {
  GcInput input = holding(6);
  input.trees.front().needed = "";
  input.trees.back().needed = kCurrent;
  input.trees[4].needed = "a job works in it";
  input.releases.back().needed = "pinned by ann: audit";

  EXPECT_THAT(names(plan_gc(input)), ElementsAre("t6", "release 5 (r5)", "release 6 (r6)"));
}

TEST(GcPlan, APackGoesWithTheLastReleaseThatHasIt) {
  const GcPlan plan = plan_gc(holding(5));

  EXPECT_EQ(plan.removals.back().bytes, 100U) << "not the 5000 that all share";
}

TEST(GcPlan, AShortageTakesTheOldestAndNoMoreThanItMust) {
  GcInput input = holding(3);
  input.of_trees = input.of_packs = {100'000, 9'500, 0, 0};
  input.min_free.percent = 10;

  const GcPlan plan = plan_gc(input);

  EXPECT_THAT(names(plan), ElementsAre("t7"));
  EXPECT_THAT(plan.removals.front().why, HasSubstr("shall be"));
  EXPECT_EQ(plan.short_of, "");
}

TEST(GcPlan, AShortageThatCannotBeEndedIsTold) {
  GcInput input = holding(3);
  input.of_trees = input.of_packs = {100'000, 100, 0, 0};
  input.min_free.bytes = 90'000;

  const GcPlan plan = plan_gc(input);

  EXPECT_THAT(names(plan), ElementsAre("t7", "release 7 (r7)", "t8", "release 8 (r8)"));
  EXPECT_THAT(plan.short_of, HasSubstr("MiB are free"));
}

TEST(GcPlan, InodesAreSpaceToo) {
  GcInput input = holding(3);
  input.of_trees = input.of_packs = {100'000, 50'000, 1000, 95};
  input.min_free.percent = 10;

  const GcPlan plan = plan_gc(input);

  EXPECT_THAT(names(plan), ElementsAre("t7"));
  EXPECT_THAT(plan.removals.front().why, HasSubstr("inodes"));
}

TEST(GcPlan, OfTwoDisksOnlyTheOneThatIsShortIsRelieved) {
  GcInput input = holding(3);
  input.one_disk = false;
  input.of_packs = {100'000, 9'950, 0, 0};
  input.min_free.percent = 10;

  EXPECT_THAT(names(plan_gc(input)), ElementsAre("release 7 (r7)"));
}

TEST(GcPlan, TheLastTreeThatWorksStays) {
  GcInput input = holding(2);
  input.trees.front().needed = "";
  input.releases.front().needed = "";
  input.of_trees = input.of_packs = {100'000, 0, 0, 0};
  input.min_free.percent = 90;

  EXPECT_THAT(names(plan_gc(input)), ElementsAre("t8", "release 8 (r8)", "release 9 (r9)"))
      << "nothing is current, so the newest tree is what a host could go back to";
}

TEST(GcPlan, ADiskWithoutCountedInodesIsNotShortOfThem) {
  GcInput input = holding(3);
  input.min_free.percent = 10;

  EXPECT_THAT(names(plan_gc(input)), IsEmpty());
}

}  // namespace swarmout::test
