#include "tests/seeder/source/git_upstream.hpp"

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

}  // namespace swarmout::test
