#include "seeder/source/lfs_guard.hpp"

#include "tests/support/bytes.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/tree_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace swarmout::test {

namespace {

constexpr char kPointer[] =
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";

class LfsGuardTest : public testing::Test {
protected:
  Result<void> give(const Given& file, std::size_t step = 1000) {
    TRY(guard_.entry(file.entry));
    for (std::string_view rest = file.content; !rest.empty(); rest.remove_prefix(std::min(step, rest.size()))) {
      TRY(guard_.data(as_bytes(rest.substr(0, step))));
    }
    return {};
  }
  CollectingSink sink_;
  LfsGuard guard_{sink_};
};

}  // namespace

TEST_F(LfsGuardTest, APointerIsRefusedByItsPath) {
  EXPECT_THAT(give(file_of("a/big.bin", kPointer)), FailsWith(ErrorCode::refused, "a/big.bin"));
}

TEST_F(LfsGuardTest, APointerIsKnownHoweverItArrives) {
  EXPECT_THAT(give(file_of("big.bin", kPointer), 7), FailsWith(ErrorCode::refused, "--allow-lfs-pointers"));
}

TEST_F(LfsGuardTest, APointerWithExtensionsIsOne) {
  std::string content = kPointer;
  content.insert(content.find("oid sha256:"), "ext-0-foo sha256:" + std::string(64, 'a') + "\n");

  EXPECT_THAT(give(file_of("big.bin", content)), FailsWith(ErrorCode::refused));
}

TEST_F(LfsGuardTest, WhatOnlyLooksLikeOneIsHandedOn) {
  const std::vector<Given> files = {file_of("talk", "about version https://git-lfs.github.com/spec/v1\noid sha256:"),
                                    file_of("half", "version https://git-lfs.github.com/spec/v1\nno more than that\n"),
                                    file_of("large", std::string(kPointer) + noise(2000)), file_of("empty", ""),
                                    file_of("noise", noise(500))};
  for (const Given& each : files) {
    EXPECT_THAT(give(each, 100), IsOk()) << each.entry.path;
  }
  ASSERT_EQ(sink_.given.size(), files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    EXPECT_TRUE(sink_.given[i].content == files[i].content) << files[i].entry.path;
  }
}

}  // namespace swarmout::test
