#include "seeder/source/git/git_revision.hpp"

#include "tests/support/result_matchers.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

std::string hash_of(char digit) {
  return std::string(40, digit);
}
std::string listed(char digit, const std::string& ref) {
  return hash_of(digit) + "\t" + ref + "\n";
}

}  // namespace

TEST(GitRevision, ANameIsItself) {
  ASSERT_OK_AND_ASSIGN(const GitRevision revision, parse_git_revision("feature/a-b.c_1"));

  EXPECT_EQ(revision.base, "feature/a-b.c_1");
  EXPECT_EQ(revision.suffix, "");
}

TEST(GitRevision, ASuffixIsCountedInGenerations) {
  for (const auto& [text, steps] : std::vector<std::pair<std::string, std::size_t>>{
           {"a~", 1}, {"a~3", 3}, {"a^", 1}, {"a^2", 1}, {"a^^^", 3}, {"a~3^2~1", 5}, {"a^0", 0}, {"a^{}~2", 2}}) {
    ASSERT_OK_AND_ASSIGN(const GitRevision revision, parse_git_revision(text));
    EXPECT_EQ(revision.base, "a") << text;
    EXPECT_EQ(revision.steps, steps) << text;
    EXPECT_EQ(revision.suffix.empty(), steps == 0) << text;
  }
}

TEST(GitRevision, WhatNamesNoCommitIsNotFound) {
  for (const char* const text : {"", "a b", "a:b", "a*", "a?", "[a]", "a..b", "a@{1}", "a^{tree}", "a^{/x}", "~1",
                                 "a~99999999999999999999", "a~2000000", "a\nb", "a^{", "^a"}) {
    EXPECT_THAT(parse_git_revision(text), FailsWith(ErrorCode::not_found)) << text;
  }
  EXPECT_THAT(parse_git_revision(std::string(100'000, 'a')), FailsWith(ErrorCode::not_found));
}

TEST(GitRevision, AnOptionIsAUsageError) {
  EXPECT_THAT(parse_git_revision("--exec=x"), FailsWith(ErrorCode::usage));
}

TEST(GitRevision, TagsGoBeforeBranchesAndFullNamesBeforeBoth) {
  const std::string listing = listed('1', "refs/heads/x") + listed('2', "refs/tags/x") + listed('3', "refs/remotes/x");

  EXPECT_EQ(remote_commit(listing, "x"), hash_of('2'));
  EXPECT_EQ(remote_commit(listing, "heads/x"), hash_of('1'));
  EXPECT_EQ(remote_commit(listing, "refs/heads/x"), hash_of('1'));
}

TEST(GitRevision, WhatATagPointsToGoesBeforeTheTag) {
  EXPECT_EQ(remote_commit(listed('1', "refs/tags/x") + listed('2', "refs/tags/x^{}"), "x"), hash_of('2'));
}

TEST(GitRevision, ARefThatOnlyEndsLikeTheNameIsAnother) {
  EXPECT_EQ(remote_commit(listed('1', "refs/heads/old/x"), "x"), std::nullopt);
}

TEST(GitRevision, WhatIsNoListingHasNothing) {
  EXPECT_EQ(remote_commit("garbage\nmore\trefs/heads/x\n\t\n", "x"), std::nullopt);
}

TEST(GitRevision, TipsAreFoundByTheirBeginning) {
  const std::string listing =
      listed('a', "HEAD") + listed('a', "refs/heads/x") + listed('b', "refs/tags/t") + listed('c', "refs/tags/t^{}");

  EXPECT_THAT(tips_beginning_with(listing, "aaaa"), testing::ElementsAre(hash_of('a')));
  EXPECT_THAT(tips_beginning_with(listing, "bbbb"), testing::ElementsAre(hash_of('c'))) << "of a tag, its commit";
  EXPECT_THAT(tips_beginning_with(listing, "cccc"), testing::ElementsAre(hash_of('c')));
  EXPECT_THAT(tips_beginning_with(listing, "dddd"), testing::IsEmpty());
}

}  // namespace swarmout::test
