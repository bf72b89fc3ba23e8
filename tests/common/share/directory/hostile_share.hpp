// A share that somebody else writes, and a file that is none of his.

#pragma once

#include "common/share/directory/directory_share.hpp"
#include "common/share/open_share.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace swarmout::test {

inline const std::string kSecret = "root:hash-of-a-password";
inline const WallTime kFuture = WallTime::max() - std::chrono::hours(1);

class HostileShareTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_THAT(init_share(root_.native()), IsOk());
    std::filesystem::create_directories(outside_);
    write_file(victim_, kSecret);
    ASSERT_EQ(::chmod(victim_.c_str(), 0600), 0);
  }
  void TearDown() override { EXPECT_EQ(harm(), ""); }

  /// What has become of things that are not on the share.
  std::string harm() const {
    if (read_file(victim_, kMiB).value_or("") != kSecret) {
      return "the file outside was changed";
    }
    const auto names = list_directory(outside_).value_or(std::vector<std::string>{});
    return names.size() == 1 ? "" : fmt::format("outside are {} files", names.size());
  }
  void put_away(const char* name) const { std::filesystem::rename(root_ / name, temp_ / "away"); }

  TempDir temp_;
  Path root_ = temp_ / "share";
  Path outside_ = temp_ / "outside";
  Path victim_ = outside_ / "victim";
  DirectoryShare share_{root_, std::chrono::milliseconds(60)};
};

/// Nothing of what is there is in the error.
template <typename T>
void expect_no_word_of_it(const Result<T>& result) {
  ASSERT_FALSE(result.has_value());
  EXPECT_THAT(to_string(result.error()), testing::Not(testing::HasSubstr("hash-of-a-password")));
}

}  // namespace swarmout::test
