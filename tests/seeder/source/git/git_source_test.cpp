#include "tests/seeder/source/git/git_upstream.hpp"

namespace swarmout::test {

namespace {

class GitSourceTest : public GitUpstream {};

}  // namespace

// Following upstream.

TEST_F(GitSourceTest, ANewCommitUpstreamIsSeenByTheNextResolve) {
  ASSERT_EQ(resolved("main"), first_);
  ASSERT_EQ(files(first_)["file"], "first");
  const std::string second = commit("file", "second");

  EXPECT_EQ(resolved("main"), second);
  EXPECT_EQ(files(second)["file"], "second");
}

TEST_F(GitSourceTest, AnOldCommitIsStreamedAfterANewOne) {
  const std::string second = commit("file", "second");
  ASSERT_EQ(files(second)["file"], "second");

  EXPECT_EQ(files(first_)["file"], "first");
}

TEST_F(GitSourceTest, AForcePushedBranchIsFollowed) {
  commit("file", "second");
  ASSERT_EQ(files(resolved("main"))["file"], "second");
  git({"reset", "--quiet", "--hard", first_});
  const std::string other = commit("file", "rewritten");

  EXPECT_EQ(resolved("main"), other);
  EXPECT_EQ(files(other)["file"], "rewritten");
}

TEST_F(GitSourceTest, AMovedTagIsFollowed) {
  git({"tag", "release"});
  ASSERT_EQ(files(resolved("release"))["file"], "first");
  const std::string second = commit("file", "second");
  git({"tag", "--force", "release"});

  EXPECT_EQ(resolved("release"), second);
  EXPECT_EQ(files(second)["file"], "second");
}

TEST_F(GitSourceTest, ABranchThatWasADirectoryOfBranchesIsFollowed) {
  git({"branch", "topic/one"});
  ASSERT_EQ(files(resolved("topic/one"))["file"], "first");
  git({"branch", "--quiet", "-D", "topic/one"});
  git({"checkout", "--quiet", "-b", "topic"});
  const std::string second = commit("file", "second");

  EXPECT_EQ(files(resolved("topic"))["file"], "second");
  EXPECT_EQ(resolved(second.substr(0, 12)), second);
}

TEST_F(GitSourceTest, ResolvingABranchFetchesNothing) {
  ASSERT_EQ(resolved("main"), first_);

  EXPECT_TRUE(packs_of_mirror().empty());
}

TEST_F(GitSourceTest, AnEmptyTreeIsATree) {
  git({"rm", "--quiet", "file"});
  git({"commit", "--quiet", "--message=empty"});

  EXPECT_TRUE(files(resolved("")).empty());
}

// What is not in the commit.

TEST_F(GitSourceTest, ASubmoduleIsRefusedByItsPath) {
  git({"update-index", "--add", "--cacheinfo", "160000," + first_ + ",lib/inner"});
  git({"commit", "--quiet", "--message=submodule"});
  CollectingSink sink;

  EXPECT_THAT(source_->stream(resolved("main"), sink, {}), FailsWith(ErrorCode::refused, "lib/inner"));
}

TEST_F(GitSourceTest, ASubmoduleIsAnEmptyDirectoryIfThatIsWanted) {
  git({"update-index", "--add", "--cacheinfo", "160000," + first_ + ",lib/inner"});
  git({"commit", "--quiet", "--message=submodule"});
  source_ = open_source("git+" + upstream_.native(), temp_ / "state", SourceOptions{false, true}).value();

  EXPECT_TRUE(files(resolved("main")).contains("lib/inner"));
}

TEST_F(GitSourceTest, ACommitWithoutSubmodulesButWithSuchNamesIsTaken) {
  const std::string second = commit("160000 commit.gitmodules", "x");

  EXPECT_TRUE(files(second).contains("160000 commit.gitmodules"));
}

// What git must not take for an option, and what must not be seen.

TEST_F(GitSourceTest, ARevisionLikeAnOptionIsAUsageError) {
  EXPECT_THAT(source_->resolve("--upload-pack=touch /tmp/x", {}), FailsWith(ErrorCode::usage));
}

TEST_F(GitSourceTest, ARefLikeAnOptionIsAUsageError) {
  EXPECT_THAT(make_git_source(upstream_.native() + "#--upload-pack=x", temp_ / "state"), FailsWith(ErrorCode::usage));
}

TEST_F(GitSourceTest, AUrlLikeAnOptionIsAUsageError) {
  EXPECT_THAT(make_git_source("--upload-pack=x", temp_ / "state"), FailsWith(ErrorCode::usage));
}

TEST_F(GitSourceTest, AnEmptyUrlIsAUsageError) {
  EXPECT_THAT(make_git_source("#main", temp_ / "state"), FailsWith(ErrorCode::usage));
}

TEST_F(GitSourceTest, AUsageErrorShowsNoCredentials) {
  const auto made = make_git_source("https://user:secret@host/x#-x", temp_ / "state");

  ASSERT_THAT(made, FailsWith(ErrorCode::usage));
  EXPECT_THAT(to_string(made.error()), testing::Not(testing::HasSubstr("secret")));
}

TEST_F(GitSourceTest, AnUnreachableRepositoryShowsNoCredentials) {
  const auto source = open("http://user:secret@127.0.0.1:1/x.git");

  const auto name = source->resolve("main", {});

  ASSERT_FALSE(name.has_value());
  EXPECT_THAT(to_string(name.error()), testing::HasSubstr("127.0.0.1"));
  EXPECT_THAT(to_string(name.error()), testing::Not(testing::HasSubstr("secret")));
}

TEST_F(GitSourceTest, AFailedFetchShowsNoCredentials) {
  const auto source = open("http://user:secret@127.0.0.1:1/x.git");

  const auto name = source->resolve(kNoCommit, {});

  ASSERT_THAT(name, FailsWith(ErrorCode::failed, "127.0.0.1"));
  EXPECT_THAT(to_string(name.error()), testing::Not(testing::HasSubstr("secret")));
}

}  // namespace swarmout::test
