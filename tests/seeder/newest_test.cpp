#include "seeder/newest.hpp"

#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

std::optional<SignedDescriptor> release_with(std::uint64_t files) {
  SignedDescriptor release;
  release.descriptor.position = Position{42};
  release.descriptor.files = files;
  return release;
}

}  // namespace

TEST(CheckSize, AnEmptySourceDoesNotEmptyAFleet) {
  EXPECT_THAT(check_size(0, std::nullopt, {}), FailsWith(ErrorCode::refused, "empty"));
  EXPECT_THAT(check_size(0, release_with(10), {}), FailsWith(ErrorCode::refused, "empty"));
  EXPECT_THAT(check_size(0, release_with(10), {false, true}), FailsWith(ErrorCode::refused, "empty"));
}

TEST(CheckSize, UnlessThatIsWanted) {
  EXPECT_THAT(check_size(0, release_with(10), {true, false}), IsOk());
}

TEST(CheckSize, ASourceThatLostMoreThanHalfIsRefused) {
  const auto refused = check_size(4, release_with(10), {});

  ASSERT_THAT(refused, FailsWith(ErrorCode::refused, "4 files"));
  EXPECT_THAT(refused.error().message, testing::HasSubstr("release 42 has 10"));
  EXPECT_THAT(refused.error().hint, testing::HasSubstr("--allow-shrink"));
}

TEST(CheckSize, HalfIsNotMoreThanHalf) {
  EXPECT_THAT(check_size(5, release_with(10), {}), IsOk());
  EXPECT_THAT(check_size(1, release_with(2), {}), IsOk());
  EXPECT_THAT(check_size(1, release_with(3), {}), FailsWith(ErrorCode::refused, "1 files"));
  EXPECT_THAT(check_size(2, release_with(3), {}), IsOk());
}

TEST(CheckSize, UnlessThatIsWantedToo) {
  EXPECT_THAT(check_size(1, release_with(1000), {false, true}), IsOk());
}

TEST(CheckSize, TheFirstReleaseMayBeSmall) {
  EXPECT_THAT(check_size(1, std::nullopt, {}), IsOk());
}

TEST(CheckSize, AReleaseMayGrow) {
  EXPECT_THAT(check_size(1000, release_with(1), {}), IsOk());
  EXPECT_THAT(check_size(1000, release_with(0), {}), IsOk());
}

}  // namespace swarmout::test
