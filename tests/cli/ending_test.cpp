#include "cli/process/ending.hpp"

#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using Step = Ending::Step;

constexpr MonotonicTime kStart{1000s};

}  // namespace

TEST(Ending, NothingEndsBeforeItIsAsked) {
  const Ending ending(10s);
  EXPECT_EQ(ending.deadline(), std::nullopt);
}

TEST(Ending, SignalsThatComeTogetherAreOneRequest) {
  Ending ending(10s);
  EXPECT_EQ(ending.asked(kStart), Step::stop);
  for (const auto later : {0ms, 1ms, 500ms, 999ms}) {
    EXPECT_EQ(ending.asked(kStart + later), Step::none);
  }
  EXPECT_EQ(ending.deadline(), kStart + 10s);
}

TEST(Ending, TheSecondRequestShortensTheTimeAndTheThirdEndsIt) {
  Ending ending(10s);
  EXPECT_EQ(ending.asked(kStart), Step::stop);
  EXPECT_EQ(ending.asked(kStart + 2s), Step::hurry);
  EXPECT_EQ(ending.asked(kStart + 2s + 1ms), Step::none) << "signals of the second request";
  EXPECT_EQ(ending.deadline(), kStart + 2s + kHaste);
  EXPECT_EQ(ending.asked(kStart + 4s), Step::end_now);
}

TEST(Ending, ALateSecondRequestGivesNoMoreTime) {
  Ending ending(10s);
  EXPECT_EQ(ending.asked(kStart), Step::stop);
  EXPECT_EQ(ending.asked(kStart + 9s), Step::hurry);
  EXPECT_EQ(ending.deadline(), kStart + 10s);
}

}  // namespace swarmout::test
