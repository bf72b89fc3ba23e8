#include "peer/keep/hand_pins.hpp"

#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

HandPin pin_of(std::uint64_t release, const std::string& revision) {
  return {sha256(revision), {release}, revision, "v" + std::to_string(release), "audit", "ann", "2026-11-23T12:00:00Z"};
}

class HandPinsTest : public testing::Test {
protected:
  TempDir state_;
  HandPins pins_{state_.path()};
};

}  // namespace

TEST_F(HandPinsTest, WhatIsPinnedIsRememberedUntilItIsUnpinned) {
  EXPECT_THAT(pins_.all().value(), IsEmpty());
  ASSERT_OK(pins_.put(pin_of(4, "abcd")));
  ASSERT_OK(pins_.put(pin_of(4, "abcd")));

  const auto all = pins_.all().value();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all.front().shown(), "release 4 (v4): audit, by ann since 2026-11-23T12:00:00Z");

  ASSERT_OK(pins_.remove(all.front()));
  EXPECT_THAT(pins_.all().value(), IsEmpty());
}

TEST_F(HandPinsTest, ADamagedOneStillPins) {
  ASSERT_OK(pins_.put(pin_of(4, "abcd")));
  write_file(state_ / "pins" / sha256("abcd").hex(), "swarmout-pin 1\n");

  const auto all = pins_.all().value();

  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all.front().manifest, sha256("abcd"));
}

TEST_F(HandPinsTest, OneIsFoundByAnyOfItsNames) {
  const std::vector<HandPin> all = {pin_of(4, "abcd"), pin_of(5, "efgh")};

  for (const std::string& wanted :
       {std::string("4"), std::string("abcd"), std::string("v4"), sha256("abcd").hex().substr(0, 8)}) {
    const auto found = find_pin(all, wanted);
    ASSERT_OK(found);
    EXPECT_EQ(found->release.value, 4U) << wanted;
  }
  EXPECT_THAT(find_pin(all, "6"), FailsWith(ErrorCode::not_found, "not pinned"));
  EXPECT_THAT(find_pin({pin_of(4, "abcd"), pin_of(4, "efgh")}, "4"), FailsWith(ErrorCode::not_found, "more than one"));
}

TEST_F(HandPinsTest, WhatAnotherPersonWroteStays) {
  ASSERT_OK(pins_.add(pin_of(4, "abcd")));
  HandPin again = pin_of(4, "abcd");
  again.reason = "a better one";
  ASSERT_OK(pins_.add(again));
  HandPin others = again;
  others.who = "bob";

  EXPECT_THAT(pins_.add(others), FailsWith(ErrorCode::refused, "a better one, by ann"));

  EXPECT_EQ(pins_.all().value().front().who, "ann");
}

TEST_F(HandPinsTest, OneIsFoundByWhatTheHostKnowsByThatName) {
  const std::vector<HandPin> all = {pin_of(4, "abcdefgh"), pin_of(5, "efgh")};

  EXPECT_EQ(find_pin(all, "00000004-abcd", sha256("abcdefgh")).value().release.value, 4U);
  EXPECT_EQ(find_pin(all, "5", sha256("not pinned")).value().release.value, 5U);
  EXPECT_EQ(find_pin(all, "abcd").value().release.value, 4U) << "the beginning of its revision";
  EXPECT_EQ(find_pin(all, "refs/tags/v5").value().release.value, 5U);
}

}  // namespace swarmout::test
