#include "seeder/election/stop_order.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

TEST(StopOrderTest, NothingIsOrderedAtFirst) {
  const StopOrder order{{}};

  EXPECT_FALSE(order.given());
  EXPECT_FALSE(order.token().stop_requested());
}

TEST(StopOrderTest, TheFirstReasonCounts) {
  StopOrder order{{}};

  order.give(StopReason::stalled, "nothing moves");
  order.give(StopReason::overtime, "too long");

  ASSERT_TRUE(order.given());
  EXPECT_EQ(order.given()->reason, StopReason::stalled);
  EXPECT_EQ(order.given()->why, "nothing moves");
  EXPECT_TRUE(order.token().stop_requested());
}

TEST(StopOrderTest, ASignalIsAnOrder) {
  std::stop_source signal;
  StopOrder order(signal.get_token());

  signal.request_stop();

  ASSERT_TRUE(order.given());
  EXPECT_EQ(order.given()->reason, StopReason::asked);
}

TEST(StopOrderTest, ASignalThatCameBeforeIsOneToo) {
  std::stop_source signal;
  signal.request_stop();

  const StopOrder order(signal.get_token());

  EXPECT_TRUE(order.given());
}

TEST(StopOrderTest, EveryReasonIsTemporaryAndSaysWhatToDo) {
  for (const StopReason reason : {StopReason::asked, StopReason::passed, StopReason::stalled, StopReason::overtime}) {
    const Error error = error_of({reason, "why"});

    EXPECT_EQ(error.code, ErrorCode::temporary);
    EXPECT_THAT(error.message, testing::HasSubstr("why"));
  }
  EXPECT_THAT(error_of({StopReason::passed, "taken over"}).message, testing::StartsWith("FENCED"));
  EXPECT_THAT(error_of({StopReason::stalled, ""}).hint, testing::HasSubstr("--stall-timeout"));
  EXPECT_THAT(error_of({StopReason::overtime, ""}).hint, testing::HasSubstr("--max-runtime"));
}

}  // namespace swarmout::test
