#include "common/base/clock.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace swarmout::test {

using namespace std::chrono_literals;

TEST(ClockTest, AWholeSleepTakesItsTime) {
  const MonotonicTime begin = system_clock().now();

  EXPECT_TRUE(system_clock().sleep(50ms, {}));

  EXPECT_GE(system_clock().now() - begin, 50ms);
}

TEST(ClockTest, NoTimeIsNoSleep) {
  EXPECT_TRUE(system_clock().sleep(0ms, {}));
  EXPECT_TRUE(system_clock().sleep(-1s, {}));
}

TEST(ClockTest, AStopEndsASleep) {
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });

  EXPECT_FALSE(system_clock().sleep(24h, stop.get_token()));
}

TEST(ClockTest, AStopBeforehandIsNoSleepAtAll) {
  std::stop_source stop;
  stop.request_stop();

  EXPECT_FALSE(system_clock().sleep(24h, stop.get_token()));
}

TEST(ClockTest, MonotonicTimeNeverGoesBack) {
  MonotonicTime last = system_clock().now();
  for (int i = 0; i < 1000; ++i) {
    const MonotonicTime now = system_clock().now();
    EXPECT_GE(now, last);
    last = now;
  }
}

TEST(ClockTest, WallTimeIsAfterThisWasWritten) {
  EXPECT_GT(system_clock().wall(), WallTime(1'760'000'000s));
}

TEST(ClockTest, ManyThreadsMaySleepAtOnce) {
  std::vector<std::jthread> sleepers;
  for (int i = 0; i < 8; ++i) {
    sleepers.emplace_back([] { EXPECT_TRUE(system_clock().sleep(1ms, {})); });
  }
}

}  // namespace swarmout::test
