#include "peer/watched.hpp"

#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Watched : public testing::Test {
protected:
  Watched() {
    write_file(dest_ / "releases/1/version", "one");
    fs::create_symlink("releases/1", dest_ / "current");
  }
  TempDir dir_;
  Path dest_ = dir_ / "dest";
};

}  // namespace

TEST_F(Watched, AFurtherLinkBesideCurrentMovesWithIt) {
  ASSERT_OK(keep_link("live", dest_));
  EXPECT_EQ(fs::read_symlink(dest_ / "live"), "current") << "so that it is right wherever this is mounted";
  EXPECT_EQ(read_file(dest_ / "live/version", 10).value_or(""), "one");
  const auto made = fs::symlink_status(dest_ / "live");
  ASSERT_OK(keep_link("live", dest_));
  EXPECT_EQ(fs::symlink_status(dest_ / "live").type(), made.type());
}

TEST_F(Watched, AFurtherLinkMayBeAnywhereAndIsMadeAgain) {
  const Path link = dir_ / "app";
  ASSERT_OK(keep_link(link, dest_));
  EXPECT_EQ(read_file(link / "version", 10).value_or(""), "one");
  fs::remove(link);
  fs::create_symlink("/nowhere", link);
  ASSERT_OK(keep_link(link, dest_));
  EXPECT_EQ(read_file(link / "version", 10).value_or(""), "one");
}

TEST_F(Watched, WhatIsNoLinkIsLeftAlone) {
  write_file(dest_ / "live", "precious");
  const auto done = keep_link("live", dest_);
  EXPECT_THAT(done, FailsWith(ErrorCode::cannot_write));
  EXPECT_THAT(done.error().message, HasSubstr("is no link"));
  EXPECT_EQ(read_file(dest_ / "live", 10).value_or(""), "precious");
}

TEST_F(Watched, CurrentItselfIsNoFurtherLink) {
  ASSERT_OK(keep_link("current", dest_));
  EXPECT_EQ(fs::read_symlink(dest_ / "current"), "releases/1");
}

TEST_F(Watched, AFurtherLinkElsewhereLeadsToADestOfAnyName) {
  ASSERT_OK(keep_link(dir_ / "app", fs::relative(dest_)));
  EXPECT_EQ(read_file(dir_ / "app/version", 10).value_or(""), "one");
}

}  // namespace swarmout::test
