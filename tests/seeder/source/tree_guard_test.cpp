#include "seeder/source/tree_guard.hpp"

#include "tests/support/result_matchers.hpp"
#include "tests/support/tree_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

class TreeGuardTest : public testing::Test {
protected:
  Result<void> give(const std::vector<Given>& tree) {
    TRY(feed(guard_, tree));
    return guard_.finish();
  }
  std::vector<std::string> paths() const {
    std::vector<std::string> all;
    for (const Given& each : sink_.given) {
      all.push_back(each.entry.path);
    }
    return all;
  }
  CollectingSink sink_;
  TreeGuard guard_{sink_};
};

class ImpossiblePath : public TreeGuardTest, public testing::WithParamInterface<std::string> {};

}  // namespace

TEST_F(TreeGuardTest, HandsOnAProperTree) {
  ASSERT_OK(give({{directory("a"), ""}, file_of("a/b", "content", true), {symlink("a/c", "b"), ""}}));

  ASSERT_THAT(paths(), testing::ElementsAre("a", "a/b", "a/c"));
  EXPECT_EQ(sink_.given[1].content, "content");
  EXPECT_TRUE(sink_.given[1].entry.executable);
  EXPECT_EQ(sink_.given[2].entry.target, "b");
}

TEST_F(TreeGuardTest, AnnouncesParentsFirst) {
  ASSERT_OK(give({file_of("a/b/c", "x")}));

  EXPECT_THAT(paths(), testing::ElementsAre("a", "a/b", "a/b/c"));
  EXPECT_EQ(sink_.given[0].entry.kind, TreeEntry::Kind::directory);
}

TEST_F(TreeGuardTest, AnnouncesEachParentOnce) {
  ASSERT_OK(give({file_of("a/b", "x"), file_of("c/d", "x"), file_of("a/e", "x")}));

  EXPECT_THAT(paths(), testing::ElementsAre("a", "a/b", "c", "c/d", "a/e"));
}

TEST_F(TreeGuardTest, TakesADirectoryTwice) {
  ASSERT_OK(give({{directory("a"), ""}, file_of("a/b", "x"), {directory("a"), ""}}));

  EXPECT_THAT(paths(), testing::ElementsAre("a", "a/b"));
}

TEST_F(TreeGuardTest, TakesADirectoryAfterWhatIsInIt) {
  ASSERT_OK(give({file_of("a/b", "x"), {directory("a"), ""}}));

  EXPECT_THAT(paths(), testing::ElementsAre("a", "a/b"));
}

TEST_F(TreeGuardTest, TakesNamesOf255Bytes) {
  EXPECT_THAT(give({file_of(std::string(255, 'n'), "x")}), IsOk());
}

TEST_F(TreeGuardTest, TakesPathsOf4095Bytes) {
  std::string path;
  while (path.size() < 4094) {
    path += "d/";
  }
  path.resize(4094);
  path += 'f';

  EXPECT_THAT(give({file_of(path, "x")}), IsOk());
}

TEST_F(TreeGuardTest, TakesAnyByteInAName) {
  EXPECT_THAT(give({file_of("\xff\x01\n\\ *", "x")}), IsOk());
}

TEST_F(TreeGuardTest, TakesNamesThatOnlyLookLikeDots) {
  EXPECT_THAT(give({file_of("...", "x"), file_of("..a", "x"), file_of(".b", "x")}), IsOk());
}

TEST_F(TreeGuardTest, TakesAnEmptyTree) {
  EXPECT_THAT(give({}), IsOk());
}

TEST_P(ImpossiblePath, IsRefused) {
  EXPECT_THAT(give({file_of(GetParam(), "x")}), FailsWith(ErrorCode::refused));

  EXPECT_TRUE(sink_.given.empty());
}

INSTANTIATE_TEST_SUITE_P(Absolute, ImpossiblePath, testing::Values("/etc/passwd", "/", "//a"));
INSTANTIATE_TEST_SUITE_P(Upwards, ImpossiblePath, testing::Values("..", "../a", "a/../../b", "a/.."));
INSTANTIATE_TEST_SUITE_P(Dot, ImpossiblePath, testing::Values(".", "./a", "a/./b", "a/."));
INSTANTIATE_TEST_SUITE_P(EmptyComponent, ImpossiblePath, testing::Values("", "a//b", "a/"));
INSTANTIATE_TEST_SUITE_P(Nul, ImpossiblePath, testing::Values(std::string("a\0b", 3)));
INSTANTIATE_TEST_SUITE_P(LongName, ImpossiblePath,
                         testing::Values(std::string(256, 'n'), std::string(256, 'n') + "/a"));
INSTANTIATE_TEST_SUITE_P(LongPath, ImpossiblePath, testing::Values([] {
                           std::string path;
                           while (path.size() < 4096) {
                             path += "d/";
                           }
                           return path + "f";
                         }()));

TEST_F(TreeGuardTest, RefusesAFileTwice) {
  EXPECT_THAT(give({file_of("a", "x"), file_of("a", "x")}), FailsWith(ErrorCode::refused, "\"a\" twice"));
}

TEST_F(TreeGuardTest, RefusesALinkTwice) {
  EXPECT_THAT(give({{symlink("a", "b"), ""}, {symlink("a", "b"), ""}}), FailsWith(ErrorCode::refused, "twice"));
}

TEST_F(TreeGuardTest, RefusesAFileInPlaceOfADirectory) {
  EXPECT_THAT(give({{directory("a"), ""}, file_of("a", "x")}), FailsWith(ErrorCode::refused, "twice"));
}

TEST_F(TreeGuardTest, RefusesADirectoryInPlaceOfAFile) {
  EXPECT_THAT(give({file_of("a", "x"), {directory("a"), ""}}), FailsWith(ErrorCode::refused, "twice"));
}

TEST_F(TreeGuardTest, RefusesALinkInPlaceOfADirectoryThatWasImplied) {
  EXPECT_THAT(give({file_of("a/b", "x"), {symlink("a", "/etc"), ""}}), FailsWith(ErrorCode::refused, "twice"));
}

TEST_F(TreeGuardTest, RefusesAPathBelowAFile) {
  EXPECT_THAT(give({file_of("a", "x"), file_of("a/b", "x")}), FailsWith(ErrorCode::refused, "a/b"));
}

TEST_F(TreeGuardTest, RefusesAPathBelowASymbolicLink) {
  EXPECT_THAT(give({{symlink("a", "/etc"), ""}, file_of("a/passwd", "x")}), FailsWith(ErrorCode::refused, "a/passwd"));
}

TEST_F(TreeGuardTest, RefusesAPathDeepBelowASymbolicLink) {
  EXPECT_THAT(give({{symlink("a", "/etc"), ""}, file_of("a/b/c", "x")}), FailsWith(ErrorCode::refused));
}

TEST_F(TreeGuardTest, RefusesASymbolicLinkToNothing) {
  EXPECT_THAT(give({{symlink("a", ""), ""}}), FailsWith(ErrorCode::refused, "impossible target"));
}

TEST_F(TreeGuardTest, RefusesASymbolicLinkWithANul) {
  EXPECT_THAT(give({{symlink("a", std::string("b\0c", 3)), ""}}), FailsWith(ErrorCode::refused, "impossible target"));
}

TEST_F(TreeGuardTest, RefusesASymbolicLinkThatIsTooLong) {
  EXPECT_THAT(give({{symlink("a", std::string(4096, 'x')), ""}}), FailsWith(ErrorCode::refused, "impossible target"));
}

TEST_F(TreeGuardTest, TakesSymbolicLinksThatLeaveTheTree) {
  EXPECT_THAT(give({{symlink("a", "/etc/passwd"), ""}, {symlink("b", "../../.."), ""}}), IsOk());
}

TEST_F(TreeGuardTest, TakesAHardLinkToAnEarlierFile) {
  EXPECT_THAT(give({file_of("a", "x"), {hardlink("b", "a"), ""}, {hardlink("c", "b"), ""}}), IsOk());

  EXPECT_THAT(paths(), testing::ElementsAre("a", "b", "c"));
}

TEST_F(TreeGuardTest, RefusesAHardLinkToNothing) {
  EXPECT_THAT(give({{hardlink("b", "a"), ""}}), FailsWith(ErrorCode::refused, "hard link"));
}

TEST_F(TreeGuardTest, RefusesAHardLinkToALaterFile) {
  EXPECT_THAT(give({{hardlink("b", "a"), ""}, file_of("a", "x")}), FailsWith(ErrorCode::refused, "hard link"));
}

TEST_F(TreeGuardTest, RefusesAHardLinkToADirectory) {
  EXPECT_THAT(give({{directory("a"), ""}, {hardlink("b", "a"), ""}}), FailsWith(ErrorCode::refused, "hard link"));
}

TEST_F(TreeGuardTest, RefusesAHardLinkToItself) {
  EXPECT_THAT(give({{hardlink("a", "a"), ""}}), FailsWith(ErrorCode::refused, "hard link"));
}

TEST_F(TreeGuardTest, AFileThatIsTooShortBeforeTheNextIsTemporary) {
  EXPECT_THAT(give({{file("a", 5), "1234"}, file_of("b", "x")}), FailsWith(ErrorCode::temporary, "\"a\" is shorter"));
}

TEST_F(TreeGuardTest, AFileThatIsTooShortAtTheEndIsTemporary) {
  EXPECT_THAT(give({{file("a", 5), "1234"}}), FailsWith(ErrorCode::temporary, "\"a\" is shorter"));
}

TEST_F(TreeGuardTest, AFileThatIsTooLongIsTemporary) {
  EXPECT_THAT(give({{file("a", 5), "123456"}}), FailsWith(ErrorCode::temporary, "\"a\" is longer"));

  EXPECT_EQ(sink_.given[0].content, "");
}

TEST_F(TreeGuardTest, ContentOfADirectoryIsNotHandedOn) {
  EXPECT_FALSE(give({{directory("a"), "content"}}).has_value());

  EXPECT_EQ(sink_.given[0].content, "");
}

TEST_F(TreeGuardTest, ContentOfAHardLinkIsNotHandedOn) {
  EXPECT_FALSE(give({file_of("a", "x"), {hardlink("b", "a"), "content"}}).has_value());
}

TEST_F(TreeGuardTest, ContentBeforeAnyEntryIsNotHandedOn) {
  EXPECT_FALSE(guard_.data(as_bytes("content")).has_value());
}

TEST_F(TreeGuardTest, ShowsHostilePathsEscaped) {
  const auto done = give({file_of("../\x1b[31m\n", "x")});

  ASSERT_THAT(done, FailsWith(ErrorCode::refused, "%1b"));
  EXPECT_THAT(done.error().message, testing::Not(testing::HasSubstr("\n")));
}

}  // namespace swarmout::test
