#include "tests/seeder/source/git_upstream.hpp"

namespace swarmout::test {

namespace {

class GitMirrorTest : public GitUpstream {};

}  // namespace

// When things are broken.

TEST_F(GitMirrorTest, AMissingRepositoryFailsAndIsNamed) {
  const auto source = open((temp_ / "gone").native());

  EXPECT_THAT(source->resolve("main", {}), FailsWith(ErrorCode::failed, (temp_ / "gone").native()));
}

TEST_F(GitMirrorTest, AnEmptyRepositoryHasNoRevision) {
  git({"init", "--quiet", "--bare", (temp_ / "empty").native()});
  const auto source = open((temp_ / "empty").native());

  EXPECT_FALSE(source->resolve("", {}).has_value());
}

TEST_F(GitMirrorTest, AVanishedRepositoryLeavesWhatIsMirrored) {
  ASSERT_EQ(files(first_)["file"], "first");
  ASSERT_OK(remove_tree(upstream_));

  EXPECT_EQ(resolved(first_), first_);
  EXPECT_EQ(files(first_)["file"], "first");
}

TEST_F(GitMirrorTest, AStopWhileResolvingIsTemporary) {
  std::stop_source stop;
  stop.request_stop();

  EXPECT_THAT(source_->resolve("main", stop.get_token()), FailsWith(ErrorCode::temporary));
}

TEST_F(GitMirrorTest, AStopBeforeTheFirstFetchIsTemporary) {
  ASSERT_EQ(resolved("main"), first_);
  std::stop_source stop;
  stop.request_stop();
  CollectingSink sink;

  EXPECT_THAT(source_->stream(first_, sink, stop.get_token()), FailsWith(ErrorCode::temporary));
}

TEST_F(GitMirrorTest, AStreamOfAnUnknownCommitFails) {
  CollectingSink sink;

  EXPECT_THAT(source_->stream(kNoCommit, sink, {}), FailsWith(ErrorCode::failed, kNoCommit));
}

TEST_F(GitMirrorTest, AMirrorWithoutAHeadIsMadeAnew) {
  ASSERT_EQ(files(first_)["file"], "first");
  ASSERT_OK(remove_tree(mirror() / "HEAD"));

  EXPECT_EQ(resolved("main"), first_);
  EXPECT_EQ(files(first_)["file"], "first");
}

TEST_F(GitMirrorTest, AMirrorWithADamagedHeadIsRebuilt) {
  ASSERT_EQ(files(first_)["file"], "first");
  write_file(mirror() / "HEAD", "garbage");

  EXPECT_EQ(files(resolved("main"))["file"], "first");
}

TEST_F(GitMirrorTest, AMirrorThatLostItsObjectsIsRebuilt) {
  ASSERT_EQ(files(first_)["file"], "first");
  ASSERT_OK(remove_tree(mirror() / "objects"));

  EXPECT_EQ(files(resolved("main"))["file"], "first");
}

TEST_F(GitMirrorTest, AMirrorWithEmptiedObjectsIsRebuilt) {
  ASSERT_EQ(files(first_)["file"], "first");
  ASSERT_FALSE(packs_of_mirror().empty());
  for (const Path& each : packs_of_mirror()) {
    write_file(each, "");
  }

  EXPECT_EQ(files(resolved("main"))["file"], "first");
}

TEST_F(GitMirrorTest, AMirrorThatLostTheContentOfAFileIsRebuilt) {
  ASSERT_EQ(files(first_)["file"], "first");
  const std::string blob = git({"rev-parse", "HEAD:file"});
  const Path object = mirror() / "objects" / blob.substr(0, 2) / blob.substr(2);
  ASSERT_TRUE(path_exists(object)) << "expected a loose object";
  ASSERT_OK(remove_tree(object));

  EXPECT_EQ(files(resolved("main"))["file"], "first");
}

TEST_F(GitMirrorTest, ALockThatAKilledGitLeftIsNoHindrance) {
  ASSERT_EQ(files(first_)["file"], "first");
  write_file(mirror() / "refs/heads/main.lock", "");
  write_file(mirror() / "shallow.lock", "");
  const std::string second = commit("file", "second");

  EXPECT_EQ(files(second)["file"], "second");
}

TEST_F(GitMirrorTest, AMirrorThatIsADirectoryOfOtherThingsIsRebuilt) {
  ASSERT_EQ(resolved("main"), first_);
  const Path place = mirror();
  ASSERT_OK(remove_tree(place));
  write_file(place / "HEAD", "garbage");

  EXPECT_EQ(files(first_)["file"], "first");
}

}  // namespace swarmout::test
