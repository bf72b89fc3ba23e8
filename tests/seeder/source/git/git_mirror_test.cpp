#include "common/base/private_files.hpp"
#include "tests/seeder/source/git/git_upstream.hpp"
#include "tests/support/wait_for.hpp"

#include <cstdlib>
#include <thread>

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

TEST_F(GitMirrorTest, AStreamOfAnUnknownCommitIsNotFound) {
  CollectingSink sink;

  EXPECT_THAT(source_->stream(kNoCommit, sink, {}), FailsWith(ErrorCode::not_found, kNoCommit));
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
  // The pack of the first commit without its file: the commit and its tree are there.
  const std::string names = first_ + "\n" + git({"rev-parse", "HEAD^{tree}"}) + "\n";
  write_file(temp_ / "names", names);
  ASSERT_OK(remove_tree(mirror() / "objects/pack"));
  ASSERT_OK(make_directories(mirror() / "objects/pack"));
  ASSERT_OK(run_and_capture({{"sh", "-c", "git pack-objects --quiet \"$0\"/objects/pack/pack < \"$1\"",
                              mirror().native(), (temp_ / "names").native()},
                             {},
                             upstream_},
                            kMiB, {}));

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
  ASSERT_EQ(files(first_)["file"], "first");
  const Path place = mirror();
  ASSERT_OK(remove_tree(place));
  write_file(place / "HEAD", "garbage");

  EXPECT_EQ(files(first_)["file"], "first");
}

TEST_F(GitMirrorTest, AnEmptyConfigIsNoHindrance) {
  ASSERT_EQ(files(first_)["file"], "first");
  write_file(mirror() / "config", "");
  const std::string second = commit("file", "second");

  EXPECT_EQ(files(second)["file"], "second");
}

TEST_F(GitMirrorTest, AMissingConfigIsNoHindrance) {
  ASSERT_EQ(files(first_)["file"], "first");
  ASSERT_OK(remove_tree(mirror() / "config"));
  const std::string second = commit("file", "second");

  EXPECT_EQ(files(second)["file"], "second");
}

TEST_F(GitMirrorTest, APackWhoseIndexIsTornIsFetchedAgain) {
  ASSERT_EQ(files(first_)["file"], "first");
  for (const Path& each : packs_of_mirror()) {
    if (each.extension() == ".idx") {
      std::filesystem::resize_file(each, std::filesystem::file_size(each) / 2);
    }
  }

  EXPECT_EQ(files(first_)["file"], "first");
}

TEST_F(GitMirrorTest, ARefThatIsTornIsNoHindrance) {
  ASSERT_EQ(files(first_)["file"], "first");
  write_file(mirror() / "refs/swarmout/wanted", "");
  const std::string second = commit("file", "second");

  EXPECT_EQ(files(second)["file"], "second");
}

TEST_F(GitMirrorTest, WhatKilledGitsLeftIsRemoved) {
  ASSERT_EQ(files(first_)["file"], "first");
  const std::vector<Path> rubbish = {mirror() / "objects/pack/tmp_pack_abc", mirror() / "objects/pack/tmp_idx_abc",
                                     mirror() / "objects/tmp_objdir-incoming-x/pack/pack-1.pack", mirror() / "gc.pid",
                                     mirror() / "objects/pack/pack-1.keep"};
  for (const Path& each : rubbish) {
    write_file(each, "rubbish");
  }

  ASSERT_EQ(resolved("main"), first_);

  for (const Path& each : rubbish) {
    EXPECT_FALSE(path_exists(each)) << each;
  }
}

TEST_F(GitMirrorTest, ADamagedMirrorStaysUntilThereIsABetterOne) {
  ASSERT_EQ(files(first_)["file"], "first");
  for (const Path& each : packs_of_mirror()) {
    write_file(each, "");
  }
  const std::size_t before = packs_of_mirror().size();
  const Path away = temp_ / "away";
  std::filesystem::rename(upstream_, away);
  CollectingSink sink;

  EXPECT_THAT(source_->stream(first_, sink, {}), FailsWith(ErrorCode::failed, upstream_.native()));
  EXPECT_EQ(packs_of_mirror().size(), before);
  std::filesystem::rename(away, upstream_);
  EXPECT_EQ(files(first_)["file"], "first");
}

TEST_F(GitMirrorTest, AStopWhileTheMirrorIsCheckedLeavesIt) {
  ASSERT_EQ(files(first_)["file"], "first");
  write_file(temp_ / "bin/git",
             "#!/bin/sh\ncase \" $* \" in *\" fsck \"*) touch " + (temp_ / "checking").native() +
                 "; sleep 1000;; *\" fetch \"*) exit 1;; esac\nPATH=${PATH#*:} exec git \"$@\"\n",
             true);
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", ((temp_ / "bin").native() + ":" + path).c_str(), 1);
  const std::string second = commit("file", "second");
  std::stop_source stop;
  std::jthread stopper([&] {
    EXPECT_TRUE(wait_for([&] { return path_exists(temp_ / "checking"); }));
    stop.request_stop();
  });
  CollectingSink sink;

  EXPECT_THAT(source_->stream(second, sink, stop.get_token()), FailsWith(ErrorCode::temporary));
  ::setenv("PATH", path.c_str(), 1);

  ASSERT_OK(remove_tree(upstream_));
  EXPECT_EQ(files(first_)["file"], "first");
}

TEST_F(GitMirrorTest, OnlyWhatIsWantedIsKept) {
  for (int i = 0; i < 30; ++i) {
    commit("file", noise(20'000, static_cast<std::uint32_t>(i) + 1));
    git({"commit", "--quiet", "--amend", "--message=again"});
    ASSERT_FALSE(files(resolved("main")).empty());
  }
  Bytes size = 0;
  std::size_t packs = 0;
  for (const Path& each : packs_of_mirror()) {
    size += std::filesystem::file_size(each);
    packs += each.extension() == ".pack" ? 1 : 0;
  }

  EXPECT_LE(packs, 8U);
  EXPECT_LT(size, 250'000U) << "30 states of 20,000 bytes were wanted";
}

TEST_F(GitMirrorTest, ItsHistoryIsNotFetched) {
  for (std::uint32_t i = 0; i < 10; ++i) {
    commit("file", noise(50'000, i + 1));
  }

  ASSERT_FALSE(files(resolved("main")).empty());

  EXPECT_LT(source_->fetched(), 100'000U);
}

TEST_F(GitMirrorTest, WhatAnEarlierVersionKeptIsLetGo) {
  ASSERT_EQ(files(first_)["file"], "first");
  write_file(mirror() / "refs/heads/main", first_ + "\n");
  write_file(mirror() / "packed-refs", first_ + " refs/heads/other\n");
  write_file(mirror() / "hooks/post-update", "#!/bin/sh\n", true);

  EXPECT_EQ(files(first_)["file"], "first");
  EXPECT_FALSE(path_exists(mirror() / "refs/heads"));
  EXPECT_FALSE(path_exists(mirror() / "packed-refs"));
  EXPECT_FALSE(path_exists(mirror() / "hooks"));
}

TEST_F(GitMirrorTest, AMirrorInUseIsWaitedForAndThenSaid) {
  ASSERT_EQ(resolved("main"), first_);
  Path lock;
  for (const auto& each : std::filesystem::directory_iterator(temp_ / "state" / "git")) {
    lock = each.path().extension() == ".lock" ? each.path() : lock;
  }
  const auto held = try_lock(lock);
  ASSERT_TRUE(held.has_value() && held->has_value());

  EXPECT_THAT(source_->resolve("main", {}), FailsWith(ErrorCode::temporary, lock.native()));
}

}  // namespace swarmout::test
