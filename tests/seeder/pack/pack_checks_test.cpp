#include "seeder/pack/pack_checks.hpp"

#include "seeder/pack/basis.hpp"
#include "tests/seeder/pack/numbered_trees.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace swarmout::test {

namespace {

using std::chrono::hours;

class PackChecksTest : public PackingStore {
protected:
  void SetUp() override {
    const Manifest manifest = keep(numbered("file", 0, 3));
    info_ = manifest.packs.at(0);
    pack_ = store_.pack_path(info_.root);
  }
  bool whole() {
    PackChecks checks(store_, now_);
    const auto answer = checks.whole(info_.root, info_.size);
    checks.keep();
    return answer.value_or(false);
  }
  /// As a disk does it: one byte is another one, and nothing tells.
  void rot() {
    const auto modified = std::filesystem::last_write_time(pack_);
    std::filesystem::permissions(pack_, std::filesystem::perms::owner_all);
    const Fd file(::open(pack_.c_str(), O_WRONLY));
    ASSERT_EQ(::pwrite(file.get(), "x", 1, 100), 1);
    std::filesystem::last_write_time(pack_, modified);
  }

  PackInfo info_;
  Path pack_;
  WallTime now_ = WallTime(std::chrono::seconds(1'790'000'000));
};

}  // namespace

TEST_F(PackChecksTest, APackThatNobodyHasReadIsRead) {
  rot();

  EXPECT_FALSE(whole());
}

TEST_F(PackChecksTest, APackThatWasReadIsNotReadAgainOnTheSameDay) {
  ASSERT_TRUE(whole());
  rot();
  now_ += hours(23);

  EXPECT_TRUE(whole());
}

TEST_F(PackChecksTest, APackIsReadAgainADayLater) {
  ASSERT_TRUE(whole());
  now_ += hours(12);
  ASSERT_TRUE(whole()) << "which is no reading";
  rot();
  now_ += hours(13);

  EXPECT_FALSE(whole());
}

TEST_F(PackChecksTest, APackIsReadAgainAfterTheClockWentBack) {
  ASSERT_TRUE(whole());
  rot();
  now_ -= hours(1);

  EXPECT_FALSE(whole());
}

TEST_F(PackChecksTest, APackThatWasWrittenToIsReadAgain) {
  ASSERT_TRUE(whole());
  rot();
  std::filesystem::last_write_time(pack_, std::filesystem::file_time_type::clock::now());

  EXPECT_FALSE(whole());
}

TEST_F(PackChecksTest, APackInThePlaceOfAnotherIsReadAgain) {
  ASSERT_TRUE(whole());
  std::filesystem::copy_file(pack_, temp_ / "copy");
  std::filesystem::last_write_time(temp_ / "copy", std::filesystem::last_write_time(pack_));
  std::filesystem::rename(temp_ / "copy", pack_);
  rot();

  EXPECT_FALSE(whole());
}

TEST_F(PackChecksTest, APackOfAnotherSizeIsMissing) {
  ASSERT_TRUE(whole());
  std::filesystem::resize_file(pack_, 50);

  EXPECT_FALSE(whole());
}

TEST_F(PackChecksTest, AMissingPackIsMissing) {
  ASSERT_TRUE(whole());
  ASSERT_OK(remove_tree(pack_));

  EXPECT_FALSE(whole());
}

TEST_F(PackChecksTest, ADamagedRecordSaysNothing) {
  ASSERT_TRUE(whole());
  write_file(store_.state() / "packs.checked", "swarmout-checked 1\ngarbage 1 2");
  rot();

  EXPECT_FALSE(whole());
}

}  // namespace swarmout::test
