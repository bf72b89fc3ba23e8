#include "cli/line_limit.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class LineLimitTest : public testing::Test {
protected:
  std::string passed(std::string_view line, bool debugging = false) {
    return limit_.pass(line, debugging, now_).value_or("(left out)");
  }

  LineLimit limit_;
  MonotonicTime now_{1h};
};

}  // namespace

TEST_F(LineLimitTest, ASentenceThatIsMeantAtEachLookIsSaidOnceAndRememberedLater) {
  EXPECT_EQ(passed("the share is odd"), "the share is odd");
  for (int i = 0; i < 299; ++i) {
    now_ += 2s;
    EXPECT_EQ(passed("the share is odd"), "(left out)");
  }
  now_ += 2s;

  EXPECT_EQ(passed("the share is odd"), "the share is odd (and 299 times since it was said last)");
}

TEST_F(LineLimitTest, AnotherSentenceIsNews) {
  passed("one");

  EXPECT_EQ(passed("two"), "two");
  EXPECT_EQ(passed("two "), "two ");
}

TEST_F(LineLimitTest, WhoeverWritesAnotherSentenceEachTimeFillsNoDisk) {
  std::size_t said = 0;
  for (int i = 0; i < 6000; ++i) {  // ten minutes, ten times a second
    said += limit_.pass(fmt::format("bad record {}", i), false, now_).has_value() ? 1 : 0;
    now_ += 100ms;
  }
  EXPECT_LE(said, 11 * kLinesAMinute);
  EXPECT_GE(said, 9 * kLinesAMinute);
}

TEST_F(LineLimitTest, WhatWasLeftOutIsCountedWhenThereIsRoomAgain) {
  for (unsigned i = 0; i < kLinesAMinute + 5; ++i) {
    passed(fmt::format("line {}", i));
  }
  now_ += 1min;

  EXPECT_THAT(passed("and on"), HasSubstr("and on\n5 lines were left out"));
  EXPECT_EQ(passed("and further"), "and further");
}

TEST_F(LineLimitTest, WhoDebugsSeesRepetitionsAndMore) {
  for (unsigned i = 0; i < 10 * kLinesAMinute; ++i) {
    EXPECT_EQ(passed("looked", true), "looked");
  }
  EXPECT_EQ(passed("news"), "news");
}

}  // namespace swarmout::test
