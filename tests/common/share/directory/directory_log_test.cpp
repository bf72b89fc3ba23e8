// A share where hard links are refused: what is special about entries that are directories.

#include "common/share/directory/directory_log.hpp"

#include "common/share/directory/directory_format.hpp"
#include "common/share/directory/directory_share.hpp"
#include "common/share/open_share.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace swarmout::test {

namespace {

int no_links_here(int, const char*, int, const char*, int) {
  errno = EOPNOTSUPP;
  return -1;
}

int broken_links(int, const char*, int, const char*, int) {
  errno = EIO;
  return -1;
}

class LinklessShare : public testing::Test {
protected:
  void SetUp() override { ASSERT_THAT(init_directory(root_, no_links_here), IsOk()); }
  std::vector<std::string> log_names() const { return list_directory(root_ / "log").value(); }

  TempDir temp_;
  Path root_ = temp_ / "share";
  DirectoryShare share_{root_, std::chrono::milliseconds(60), Primitive::directory};
};

}  // namespace

TEST_F(LinklessShare, SaysSoInItsFormat) {
  EXPECT_THAT(read_format(root_).value(), testing::HasSubstr("\nprimitive directory\n"));
}

TEST_F(LinklessShare, HasNothingLeftOfTheProbes) {
  EXPECT_THAT(list_directory(root_).value(),
              testing::UnorderedElementsAre("FORMAT", "log", "hb", "stage", "peers", "torrents"));
}

TEST_F(LinklessShare, KeepsItsFormatWhenMadeAgainWithHardLinks) {
  const std::string format = read_format(root_).value();

  ASSERT_OK_AND_ASSIGN(const InitOutcome made, init_share(root_.native()));

  EXPECT_EQ(made, InitOutcome::there);
  EXPECT_EQ(read_format(root_).value(), format);
}

TEST(InitDirectory, AnErrorThatSaysNothingAboutHardLinksIsNoReasonToDoWithoutThem) {
  const TempDir temp;

  EXPECT_THAT(init_directory(temp / "share", broken_links), FailsWith(ErrorCode::temporary));

  EXPECT_FALSE(path_exists(temp / "share/FORMAT"));
}

TEST_F(LinklessShare, WonAndLostPutsLeaveNothingBehind) {
  ASSERT_EQ(share_.put(Position{1}, "first").outcome, PutOutcome::won);
  ASSERT_EQ(share_.put(Position{1}, "second").outcome, PutOutcome::lost);

  EXPECT_THAT(log_names(), testing::ElementsAre("00000001"));
}

TEST_F(LinklessShare, AnEmptyDirectoryIsNoEntryAndItsNumberIsFree) {
  ASSERT_EQ(share_.put(Position{1}, "first").outcome, PutOutcome::won);
  ASSERT_OK(make_directories(root_ / "log/00000002"));

  EXPECT_EQ(share_.tail({}).value().value, 1U);
  EXPECT_EQ(share_.read(Position{2}).value(), std::nullopt);
  EXPECT_EQ(share_.put(Position{2}, "second").outcome, PutOutcome::won);
  EXPECT_EQ(share_.read(Position{2}).value(), "second");
}

TEST_F(LinklessShare, AFileUnderTheNumberIsNoEntryAndAPutIsUnknown) {
  write_file(root_ / "log/00000001", "a file");

  EXPECT_EQ(share_.put(Position{1}, "entry").outcome, PutOutcome::unknown);
}

TEST_F(LinklessShare, WhatAKilledWriterLeftIsRemovedWhenItIsOldAndEntriesStay) {
  ASSERT_EQ(share_.put(Position{1}, "first").outcome, PutOutcome::won);
  write_file(root_ / "log/.t-0123/entry", "never got a number");

  const WallTime now = share_.now().value();
  ASSERT_OK(share_.remove_stale(now - std::chrono::hours(1)));
  EXPECT_THAT(log_names(), testing::Contains(".t-0123"));

  ASSERT_OK(share_.remove_stale(now + std::chrono::hours(1)));
  EXPECT_THAT(log_names(), testing::ElementsAre("00000001"));
  EXPECT_EQ(share_.read(Position{1}).value(), "first");
}

TEST(DirectoryRename, IsFoundToSpareFullDirectories) {
  const TempDir temp;

  EXPECT_THAT(check_directory_rename(ShareFolder::root(temp.path()).value()), IsOk());

  EXPECT_THAT(list_directory(temp.path()).value(), testing::IsEmpty());
}

}  // namespace swarmout::test
