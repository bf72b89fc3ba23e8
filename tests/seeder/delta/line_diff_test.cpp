#include "seeder/delta/line_diff.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

LineScript diff(std::string_view before, std::string_view after) {
  return line_diff(as_bytes(before), as_bytes(after)).value();
}

}  // namespace

TEST(LineDiff, WhatIsEqualHasNoHunks) {
  EXPECT_THAT(diff("a\nb\n", "a\nb\n"), IsEmpty());
  EXPECT_THAT(diff("", ""), IsEmpty());
}

TEST(LineDiff, HunksHaveWhatIsKeptBeforeThem) {
  EXPECT_THAT(diff("a\nb\nc\nd\ne\n", "a\nB\nc\ne\nf\n"),
              ElementsAre(LineHunk{1, 1, 1}, LineHunk{1, 1, 0}, LineHunk{1, 0, 1}));
}

TEST(LineDiff, AMissingEndOfTheLastLineIsADifference) {
  EXPECT_THAT(diff("a\nb\n", "a\nb"), ElementsAre(LineHunk{1, 1, 1}));
}

TEST(LineDiff, FromAndToNothing) {
  EXPECT_THAT(diff("", "a\nb\n"), ElementsAre(LineHunk{0, 0, 2}));
  EXPECT_THAT(diff("a\nb\n", ""), ElementsAre(LineHunk{0, 2, 0}));
}

TEST(LineDiff, WhatHasAZeroAtItsBeginningIsNoText) {
  EXPECT_TRUE(looks_like_text(as_bytes("text\n")));
  EXPECT_TRUE(looks_like_text({}));
  EXPECT_FALSE(
      looks_like_text(as_bytes(std::string_view("\x7f"
                                                "ELF\0",
                                                5))));
}

}  // namespace swarmout::test
