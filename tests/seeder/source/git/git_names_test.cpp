#include "tests/seeder/source/git/git_upstream.hpp"

namespace swarmout::test {

namespace {

class GitNames : public GitUpstream {};

}  // namespace

// Which names mean what.

TEST_F(GitNames, WithoutANameItIsTheDefaultBranch) {
  EXPECT_EQ(resolved(""), first_);
}

TEST_F(GitNames, TheDefaultBranchNeedNotBeCalledMain) {
  git({"checkout", "--quiet", "-b", "trunk"});
  const std::string second = commit("file", "second");

  EXPECT_EQ(resolved(""), second);
  EXPECT_EQ(resolved("main"), first_);
}

TEST_F(GitNames, ABranchIsItsNewestCommit) {
  git({"checkout", "--quiet", "-b", "stable/1.x"});
  const std::string second = commit("file", "second");
  git({"checkout", "--quiet", "main"});

  EXPECT_EQ(resolved("stable/1.x"), second);
}

TEST_F(GitNames, ABranchByItsFullName) {
  EXPECT_EQ(resolved("refs/heads/main"), first_);
}

TEST_F(GitNames, ATagIsItsCommit) {
  git({"tag", "v1"});
  commit("file", "second");

  EXPECT_EQ(resolved("v1"), first_);
}

TEST_F(GitNames, AnAnnotatedTagIsTheCommitThatItPointsTo) {
  git({"tag", "--annotate", "--message=one", "v1"});
  commit("file", "second");

  EXPECT_EQ(resolved("v1"), first_);
}

TEST_F(GitNames, AnAnnotatedTagByItsFullNameIsTheCommitThatItPointsTo) {
  git({"tag", "--annotate", "--message=one", "v1"});

  EXPECT_EQ(resolved("refs/tags/v1"), first_);
}

TEST_F(GitNames, ATagThatPointsToATagIsTheCommitInTheEnd) {
  git({"tag", "--annotate", "--message=one", "v1"});
  git({"tag", "--annotate", "--message=two", "v2", "v1"});

  EXPECT_EQ(resolved("v2"), first_);
}

TEST_F(GitNames, ATagGoesBeforeABranchOfTheSameName) {
  git({"tag", "same"});
  git({"checkout", "--quiet", "-b", "same"});
  commit("file", "second");

  EXPECT_EQ(resolved("same"), first_);
}

TEST_F(GitNames, ABranchThatOnlyEndsLikeTheNameIsAnother) {
  git({"checkout", "--quiet", "-b", "old/stable"});

  EXPECT_THAT(source_->resolve("stable", {}), FailsWith(ErrorCode::not_found, "stable"));
}

TEST_F(GitNames, APatternIsNotAName) {
  EXPECT_THAT(source_->resolve("ma*", {}), FailsWith(ErrorCode::not_found));
}

TEST_F(GitNames, AFullHashIsItself) {
  commit("file", "second");

  EXPECT_EQ(resolved(first_), first_);
}

TEST_F(GitNames, AFullHashThatIsNotThereIsNotFound) {
  EXPECT_THAT(source_->resolve(kNoCommit, {}), FailsWith(ErrorCode::not_found, kNoCommit));
}

TEST_F(GitNames, AShortHashIsTheWholeOne) {
  commit("file", "second");

  EXPECT_EQ(resolved(first_.substr(0, 10)), first_);
}

TEST_F(GitNames, AnAncestorIsFound) {
  commit("file", "second");

  EXPECT_EQ(resolved("main~1"), first_);
}

TEST_F(GitNames, AFileOfTheTreeIsNoRevision) {
  EXPECT_THAT(source_->resolve("main:file", {}), FailsWith(ErrorCode::not_found));
}

TEST_F(GitNames, TheRefInTheSpecIsTheDefault) {
  git({"tag", "v1"});
  commit("file", "second");

  EXPECT_EQ(resolved(*open(upstream_.native() + "#v1"), ""), first_);
}

TEST_F(GitNames, AWantedRevisionGoesBeforeTheRefInTheSpec) {
  git({"tag", "v1"});
  const std::string second = commit("file", "second");

  EXPECT_EQ(resolved(*open(upstream_.native() + "#v1"), "main"), second);
}

// What is relative is so upstream, whatever is here.

TEST_F(GitNames, AnAncestorOfTheDefaultBranchIsThatOfUpstream) {
  git({"checkout", "--quiet", "-b", "master"});
  commit("file", "old");
  git({"checkout", "--quiet", "-b", "trunk", "main"});
  const std::string second = commit("file", "second");
  commit("file", "third");

  EXPECT_EQ(resolved("HEAD~1"), second);
  EXPECT_EQ(resolved("@~2"), first_);
}

TEST_F(GitNames, ParentsOfAMergeAreFound) {
  git({"checkout", "--quiet", "-b", "side"});
  const std::string side = commit("other", "side");
  git({"checkout", "--quiet", "main"});
  const std::string second = commit("file", "second");
  git({"merge", "--quiet", "--no-edit", "side"});

  EXPECT_EQ(resolved("main^"), second);
  EXPECT_EQ(resolved("main^2"), side);
  EXPECT_EQ(resolved("main^2~1"), first_);
  EXPECT_EQ(files(side)["other"], "side");
}

TEST_F(GitNames, WhatPeelsIsTheCommitItself) {
  git({"tag", "--annotate", "--message=one", "v1"});

  EXPECT_EQ(resolved("v1^{commit}"), first_);
  EXPECT_EQ(resolved("v1^{}"), first_);
  EXPECT_EQ(resolved("v1^0"), first_);
}

TEST_F(GitNames, MoreAncestorsThanThereAreIsNotFound) {
  EXPECT_THAT(source_->resolve("main~1", {}), FailsWith(ErrorCode::not_found, "main~1"));
}

TEST_F(GitNames, AnAncestorIsThatOfNow) {
  const std::string second = commit("file", "second");
  ASSERT_EQ(resolved("main~1"), first_);
  commit("file", "third");

  EXPECT_EQ(resolved("main~1"), second);
}

TEST_F(GitNames, AnyRefOfUpstreamCanBeNamed) {
  git({"checkout", "--quiet", "--detach"});
  const std::string pull = commit("file", "pulled");
  git({"update-ref", "refs/pull/1/head", "HEAD"});
  git({"checkout", "--quiet", "main"});

  EXPECT_EQ(resolved("refs/pull/1/head"), pull);
  EXPECT_EQ(resolved("pull/1/head"), pull);
  EXPECT_EQ(files(pull)["file"], "pulled");
}

TEST_F(GitNames, AShortHashOfATipIsFoundWithoutFetching) {
  EXPECT_EQ(resolved(first_.substr(0, 8)), first_);
  EXPECT_TRUE(packs_of_mirror().empty());
}

TEST_F(GitNames, LookingThroughTheHistoryLeavesNothing) {
  commit("file", "second");

  ASSERT_EQ(resolved(first_.substr(0, 10)), first_);

  EXPECT_TRUE(packs_of_mirror().empty());
}

TEST_F(GitNames, AShortHashOfNothingIsNotFound) {
  EXPECT_THAT(source_->resolve("0123abc", {}), FailsWith(ErrorCode::not_found, "0123abc"));
}

TEST_F(GitNames, AReflogIsNotANameUpstream) {
  EXPECT_THAT(source_->resolve("main@{1}", {}), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(source_->resolve("main..side", {}), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(source_->resolve("main^{/first}", {}), FailsWith(ErrorCode::not_found));
}

// Repositories as they are.

TEST_F(GitNames, AHeadThatNamesNoBranchIsSaidWithAWayOut) {
  git({"symbolic-ref", "HEAD", "refs/heads/unborn"});

  EXPECT_THAT(source_->resolve("", {}), FailsWith(ErrorCode::not_found, "#BRANCH"));
  EXPECT_EQ(resolved("main"), first_);
  EXPECT_EQ(files(first_)["file"], "first");
}

TEST_F(GitNames, ADetachedHeadIsItsCommit) {
  git({"checkout", "--quiet", "--detach"});
  const std::string second = commit("file", "second");

  EXPECT_EQ(resolved(""), second);
}

TEST_F(GitNames, ARepositoryWithSha256NamesIsReadLikeAnyOther) {
  ASSERT_OK(remove_tree(upstream_));
  ASSERT_OK(make_directories(upstream_));
  git({"init", "--quiet", "--object-format=sha256", "--initial-branch=main", "."});
  const std::string one = commit("file", "one");
  const std::string two = commit("file", "two");
  ASSERT_EQ(two.size(), 64U);

  EXPECT_EQ(resolved("main"), two);
  EXPECT_EQ(resolved("main~1"), one);
  EXPECT_EQ(resolved(one.substr(0, 12)), one);
  EXPECT_EQ(resolved(one), one);
  EXPECT_EQ(files(two)["file"], "two");
}

TEST_F(GitNames, AnUpstreamThatIsShallowIsRead) {
  commit("file", "second");
  const std::string third = commit("file", "third");
  git({"clone", "--quiet", "--depth=1", "file://" + upstream_.native(), (temp_ / "shallow").native()});
  source_ = open((temp_ / "shallow").native());

  EXPECT_EQ(resolved("main"), third);
  EXPECT_EQ(files(third)["file"], "third");
}

}  // namespace swarmout::test
