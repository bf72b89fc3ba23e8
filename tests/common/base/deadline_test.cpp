#include "common/base/process/deadline.hpp"

#include "tests/support/wait_for.hpp"

#include <gtest/gtest.h>

namespace swarmout::test {

using namespace std::chrono_literals;

TEST(DeadlineTest, ItsTimeEndsIt) {
  const Deadline deadline(1ms, {});

  EXPECT_TRUE(wait_for([&] { return deadline.token().stop_requested(); }));
  EXPECT_TRUE(deadline.passed());
}

TEST(DeadlineTest, ItEndsWithTheOtherOneAndThenItsTimeWasNotOver) {
  std::stop_source outer;
  const Deadline deadline(24h, outer.get_token());
  EXPECT_FALSE(deadline.token().stop_requested());

  outer.request_stop();

  EXPECT_TRUE(deadline.token().stop_requested());
  EXPECT_FALSE(deadline.passed());
}

TEST(DeadlineTest, WithoutATimeItEndsWithTheOtherOneOnly) {
  std::stop_source outer;
  const Deadline deadline(std::nullopt, outer.get_token());
  EXPECT_FALSE(deadline.token().stop_requested());

  outer.request_stop();

  EXPECT_TRUE(deadline.token().stop_requested());
}

}  // namespace swarmout::test
