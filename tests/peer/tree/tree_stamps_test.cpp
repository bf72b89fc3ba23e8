#include "peer/tree/tree_stamps.hpp"

#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

class TreeStampsTest : public testing::Test {
protected:
  Path file() const { return state_.path() / "stamps" / "7.9"; }

  TempDir state_;
  TreeIdentity tree_{7, 9};
  Digest manifest_ = sha256("manifest");
  std::vector<std::uint64_t> stamps_ = {0, 1, 0xfedcba9876543210};
};

struct stat changed_at(std::int64_t seconds, std::int64_t nanoseconds) {
  struct stat info {};
  info.st_ctim = {seconds, nanoseconds};
  return info;
}

}  // namespace

TEST_F(TreeStampsTest, WhatWasWrittenIsRead) {
  ASSERT_OK(write_stamps(state_.path(), tree_, manifest_, stamps_));

  ASSERT_OK_AND_ASSIGN(const auto read, read_stamps(state_.path(), tree_, manifest_, 3));

  EXPECT_EQ(read, stamps_);
}

TEST_F(TreeStampsTest, ThoseOfAnotherTreeOrManifestAreRefused) {
  ASSERT_OK(write_stamps(state_.path(), tree_, manifest_, stamps_));

  EXPECT_THAT(read_stamps(state_.path(), {8, 9}, manifest_, 3), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(read_stamps(state_.path(), tree_, sha256("another"), 3), FailsWith(ErrorCode::refused));
  EXPECT_THAT(read_stamps(state_.path(), tree_, manifest_, 2), FailsWith(ErrorCode::refused));
  EXPECT_THAT(read_stamps(state_.path(), tree_, manifest_, 4), FailsWith(ErrorCode::refused));
  std::filesystem::rename(file(), state_.path() / "stamps" / "8.9");
  EXPECT_THAT(read_stamps(state_.path(), {8, 9}, manifest_, 3), FailsWith(ErrorCode::refused));
}

TEST_F(TreeStampsTest, WhateverByteIsDamagedItIsFoundOut) {
  ASSERT_OK(write_stamps(state_.path(), tree_, manifest_, stamps_));
  const std::string good = read_file(file(), kMiB).value();
  for (std::size_t i = 0; i <= good.size(); ++i) {
    std::string bad = good;
    if (i < good.size()) {
      bad[i] = static_cast<char>(bad[i] ^ 0x10);
    } else {
      bad.pop_back();
    }
    write_file(file(), bad);
    EXPECT_FALSE(read_stamps(state_.path(), tree_, manifest_, 3)) << i;
  }
}

TEST_F(TreeStampsTest, ThoseOfTreesThatAreGoneAreRemoved) {
  ASSERT_OK(forget_stamps(state_.path(), {}));
  ASSERT_OK(write_stamps(state_.path(), tree_, manifest_, stamps_));
  ASSERT_OK(write_stamps(state_.path(), {8, 9}, manifest_, stamps_));
  TreeRecord record;
  record.identity = tree_;

  ASSERT_OK(forget_stamps(state_.path(), {record}));

  EXPECT_THAT(list_directory(state_.path() / "stamps").value(), testing::ElementsAre("7.9"));
}

TEST_F(TreeStampsTest, AnyChangeOfWhatIsKnownOfAFileIsAnotherStamp) {
  struct stat info {};
  const std::uint64_t before = stamp_of(info);
  const auto differs = [&](auto change) {
    struct stat other = info;
    change(other);
    return stamp_of(other) != before;
  };

  EXPECT_NE(before, 0U);
  EXPECT_TRUE(differs([](auto& i) { ++i.st_ino; }));
  EXPECT_TRUE(differs([](auto& i) { ++i.st_size; }));
  EXPECT_TRUE(differs([](auto& i) { ++i.st_mode; }));
  EXPECT_TRUE(differs([](auto& i) { ++i.st_nlink; }));
  EXPECT_TRUE(differs([](auto& i) { ++i.st_uid; }));
  EXPECT_TRUE(differs([](auto& i) { ++i.st_mtim.tv_nsec; }));
  EXPECT_TRUE(differs([](auto& i) { ++i.st_ctim.tv_nsec; }));
  EXPECT_TRUE(differs([](auto& i) { --i.st_ctim.tv_sec; })) << "a clock that went back";
}

TEST_F(TreeStampsTest, AFileThatWasChangedWithinTheSameStepOfTheClockHasNone) {
  EXPECT_FALSE(tells_changes(changed_at(100, 5), {100, 5}));
  EXPECT_FALSE(tells_changes(changed_at(100, 5), {100, 50'000'000}));
  EXPECT_TRUE(tells_changes(changed_at(100, 5), {100, 200'000'000}));
  EXPECT_FALSE(tells_changes(changed_at(100, 5), {99, 0})) << "the clock went back";
  EXPECT_FALSE(tells_changes(changed_at(100, 0), {102, 0})) << "it may count in seconds";
  EXPECT_TRUE(tells_changes(changed_at(100, 0), {103, 0}));
}

}  // namespace swarmout::test
