#include "seeder/election/trying_on.hpp"

#include "tests/support/fake_clock.hpp"
#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

class TryingOn : public testing::Test {
protected:
  /// Fails with `code` `times` times.
  auto failing(ErrorCode code, int times) {
    return [this, code, times]() -> Result<void> {
      return ++steps_ <= times ? Result<void>(fail(code, "away")) : Result<void>();
    };
  }

  FakeClock clock_;
  std::stop_source stop_;
  int steps_ = 0;
};

}  // namespace

TEST_F(TryingOn, AStepIsDoneAgainUntilTheShareIsBack) {
  EXPECT_THAT(trying_on(clock_, 1min, stop_.get_token(), failing(ErrorCode::unavailable, 3)), IsOk());
  EXPECT_EQ(steps_, 4);
}

TEST_F(TryingOn, AnotherErrorEndsIt) {
  EXPECT_THAT(trying_on(clock_, 1min, stop_.get_token(), failing(ErrorCode::refused, 3)),
              FailsWith(ErrorCode::refused));
  EXPECT_EQ(steps_, 1);
}

TEST_F(TryingOn, PatienceEndsIt) {
  EXPECT_THAT(trying_on(clock_, 5s, stop_.get_token(), failing(ErrorCode::temporary, 1000)),
              FailsWith(ErrorCode::temporary));
  EXPECT_EQ(steps_, 6);
}

TEST_F(TryingOn, WhoIsToldToStopDoesNotTryOn) {
  stop_.request_stop();
  EXPECT_THAT(trying_on(clock_, 1min, stop_.get_token(), failing(ErrorCode::temporary, 1000)),
              FailsWith(ErrorCode::temporary));
  EXPECT_EQ(steps_, 1);
}

}  // namespace swarmout::test
