// What a person told one host, as files.

#include "peer/orders.hpp"

#include "tests/peer/fetch/following.hpp"
#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

namespace swarmout::test {

namespace {

class OrdersTest : public testing::Test {
protected:
  TempDir dir_;
};

}  // namespace

TEST_F(OrdersTest, AHoldIsReadAsItWasGiven) {
  const SignedDescriptor release = Signer().release(Position{4}, "r4");
  ASSERT_OK(save_host_hold(dir_.path(), {release, "it is 100% broken", "root", "2026-11-28T12:00:00Z"}));

  ASSERT_OK_AND_ASSIGN(const auto hold, load_host_hold(dir_.path()));

  ASSERT_TRUE(hold);
  ASSERT_TRUE(hold->release);
  EXPECT_EQ(digest_of(*hold->release), digest_of(release));
  EXPECT_EQ(hold->release->signature, release.signature);
  EXPECT_EQ(sentence_of(*hold), "held here on release 4 by root since 2026-11-28T12:00:00Z: it is 100% broken");
}

TEST_F(OrdersTest, AHoldMayNameNothing) {
  ASSERT_OK(save_host_hold(dir_.path(), {std::nullopt, "wait", "root", "now"}));

  ASSERT_OK_AND_ASSIGN(const auto hold, load_host_hold(dir_.path()));

  ASSERT_TRUE(hold);
  EXPECT_FALSE(hold->release);
}

TEST_F(OrdersTest, WithoutAFileThereIsNoOrder) {
  EXPECT_EQ(load_host_hold(dir_.path()).value().has_value(), false);
  EXPECT_EQ(load_go_once(dir_.path()).value().has_value(), false);
  EXPECT_EQ(end_host_hold(dir_.path()).value(), false);
  EXPECT_THAT(end_go_once(dir_.path()), IsOk());
}

TEST_F(OrdersTest, AHoldThatIsEndedIsGone) {
  ASSERT_OK(save_host_hold(dir_.path(), {std::nullopt, "wait", "root", "now"}));

  EXPECT_EQ(end_host_hold(dir_.path()).value(), true);

  EXPECT_FALSE(load_host_hold(dir_.path()).value());
}

TEST_F(OrdersTest, ADamagedFileIsAnError) {
  for (const char* const text : {"", "held\n", "swarmout-hold 1\nrelease garbage\n"}) {
    ASSERT_OK(replace_file(dir_ / "hold", as_bytes(text)));
    EXPECT_THAT(load_host_hold(dir_.path()), FailsWith(ErrorCode::refused)) << text;
  }
}

TEST_F(OrdersTest, WhatIsNoFileIsNotWaitedFor) {
  ASSERT_EQ(::mkfifo((dir_ / "hold").c_str(), 0600), 0);
  EXPECT_THAT(load_host_hold(dir_.path()), FailsWith(ErrorCode::refused, "is no file"));
  EXPECT_EQ(end_host_hold(dir_.path()).value(), true);
  ASSERT_OK(make_directories(dir_ / "hold"));

  EXPECT_THAT(load_host_hold(dir_.path()), FailsWith(ErrorCode::refused, "is no file"));
}

TEST_F(OrdersTest, AHeldHostIsNotToldToGoOn) {
  ASSERT_OK(save_host_hold(dir_.path(), {std::nullopt, "wait", "root", "now"}));

  EXPECT_THAT(order_to_go(dir_.path(), {"42", false, "root", "now"}),
              FailsWith(ErrorCode::temporary, "this host is held here by root since now: wait"));
  EXPECT_FALSE(load_go_once(dir_.path()).value()) << "nothing that would go off later";
  ASSERT_OK(end_host_hold(dir_.path()));

  EXPECT_THAT(order_to_go(dir_.path(), {"42", false, "root", "now"}), IsOk());
}

TEST_F(OrdersTest, WhereNoServiceHasRunThereIsNobodyToTell) {
  EXPECT_THAT(end_host_hold(dir_ / "none"), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(save_host_hold(dir_ / "none", {std::nullopt, "wait", "root", "now"}), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(save_go_once(dir_ / "none", {}), FailsWith(ErrorCode::not_found));
}

TEST_F(OrdersTest, AnOrderToGoOnIsForTheReleaseThatItNames) {
  Descriptor release = OtherHost::made_up(Position{42}, "1a2b3c4d5e").descriptor;
  release.name = "v5";

  for (const char* const fits : {"", "42", "1a2b3c4d5e", "1a2b", "v5", "refs/tags/v5"}) {
    EXPECT_TRUE(is_for({fits, false, "", ""}, release)) << fits;
  }
  for (const char* const other : {"4", "43", "1a2", "2b3c4d5e", "1a2b3c4d5e6", "v", "v50", "refs/tags/"}) {
    EXPECT_FALSE(is_for({other, false, "", ""}, release)) << other;
  }
}

}  // namespace swarmout::test
