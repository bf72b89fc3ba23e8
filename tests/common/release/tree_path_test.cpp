#include "common/release/tree_path.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace swarmout::test {

namespace {

/// Names of `kMaxName` bytes until the path has `size`.
std::string path_of(std::size_t size) {
  std::string path;
  while (path.size() < size) {
    path += path.size() % (kMaxName + 1) == kMaxName ? '/' : 'n';
  }
  return path;
}

class SafePath : public testing::TestWithParam<std::string> {};
class UnsafePath : public testing::TestWithParam<std::string> {};

}  // namespace

TEST_P(SafePath, IsAllowed) {
  EXPECT_TRUE(is_safe_path(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(Plain, SafePath, testing::Values("a", "a/b", "a/b/c.txt", "-rf", "a b", "~", "$HOME", "a\\b"));
INSTANTIATE_TEST_SUITE_P(Dots, SafePath, testing::Values("...", ".a", "a.", "..a", "a..", ".../..a", "a/.b", ". "));
INSTANTIATE_TEST_SUITE_P(OddBytes, SafePath, testing::Values("\n", "\x01", "\xff", "\x7f/\xfe", "a\nb", "C:\\x", "*"));
INSTANTIATE_TEST_SUITE_P(Longest, SafePath,
                         testing::Values(std::string(kMaxName, 'n'), std::string(kMaxName, 'n') + "/a",
                                         path_of(kMaxPath)));

TEST_P(UnsafePath, IsNotAllowed) {
  EXPECT_FALSE(is_safe_path(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(Absolute, UnsafePath, testing::Values("/", "/a", "//", "//a"));
INSTANTIATE_TEST_SUITE_P(Upwards, UnsafePath, testing::Values("..", "../a", "a/..", "a/../b", "a/b/..", "../.."));
INSTANTIATE_TEST_SUITE_P(Here, UnsafePath, testing::Values(".", "./a", "a/.", "a/./b"));
INSTANTIATE_TEST_SUITE_P(Empty, UnsafePath, testing::Values("", "a/", "a//b", "a/b/"));
INSTANTIATE_TEST_SUITE_P(Nul, UnsafePath,
                         testing::Values(std::string(1, '\0'), std::string("a\0", 2), std::string("..\0", 3),
                                         std::string("a/\0b", 4)));
INSTANTIATE_TEST_SUITE_P(TooLong, UnsafePath,
                         testing::Values(std::string(kMaxName + 1, 'n'), "a/" + std::string(kMaxName + 1, 'n'),
                                         std::string(kMaxName + 1, 'n') + "/a", path_of(kMaxPath) + "/a",
                                         path_of(kMaxPath - 1) + "/a"));

TEST(TreePathTest, ATargetMayBeWhateverTheKernelTakes) {
  for (const std::string& target :
       {std::string("a"), std::string("/etc/passwd"), std::string("../.."), std::string("."), std::string("a//b/"),
        std::string("\xff\n"), std::string(kMaxPath, 'x')}) {
    EXPECT_TRUE(is_safe_target(target)) << target;
  }
}

TEST(TreePathTest, AnEmptyTargetIsNotAllowed) {
  EXPECT_FALSE(is_safe_target(""));
}

TEST(TreePathTest, ATargetWithNulIsNotAllowed) {
  EXPECT_FALSE(is_safe_target(std::string("a\0b", 3)));
}

TEST(TreePathTest, AnOverlongTargetIsNotAllowed) {
  EXPECT_FALSE(is_safe_target(std::string(kMaxPath + 1, 'x')));
}

}  // namespace swarmout::test
