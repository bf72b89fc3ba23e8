// What submodules pin is published in their places, as a plain git would check it out.

#include "tests/seeder/source/git/git_superproject.hpp"

#include <algorithm>

namespace swarmout::test {

namespace {

class GitSubmodules : public GitSuperproject {
protected:
  void SetUp() override {
    GitSuperproject::SetUp();
    lib_ = make_repository("lib", "lib.c", "lib");
  }
  std::string lib_;  ///< the first commit of the repository beside the superproject
};

}  // namespace

TEST_F(GitSubmodules, ARelativeOneIsPublishedInItsPlace) {
  write_file(temp_ / "lib/dir/run", "#!/bin/sh\n", true);
  write_symlink(temp_ / "lib/link", "../../outside");
  commit_in("lib");

  const std::string commit = add_submodule("upstream", "../lib", "third/lib");

  const auto found = published(commit);
  EXPECT_EQ(found, cloned(commit));
  EXPECT_TRUE(found.contains("third/lib/dir/run"));
}

TEST_F(GitSubmodules, TheyAreFoundTwoDeep) {
  make_repository("deep", "deep.c", "deep");
  add_submodule("lib", "../deep", "inner/deep");
  const std::string commit = add_submodule("upstream", (temp_ / "lib").native(), "lib");

  const auto found = published(commit);

  EXPECT_EQ(found, cloned(commit));
  EXPECT_TRUE(found.contains("lib/inner/deep/deep.c"));
}

TEST_F(GitSubmodules, AttributesInThemChangeNothing) {
  write_file(temp_ / "lib/.gitattributes", "lib.c export-ignore\nsubst export-subst\n");
  commit_in("lib", "subst", "$Format:%H$");

  const std::string commit = add_submodule("upstream", "../lib", "lib");

  EXPECT_EQ(published(commit), cloned(commit));
}

TEST_F(GitSubmodules, FilesComeInTheOrderOfTheirPaths) {
  for (const char* const name : {"m-", "m.c", "m0", "m-a/x", "m.d/x", "m.s-", "m.s.c", "a", "z"}) {
    write_file(upstream_ / name, name);
  }
  for (const char* const path : {"m", "m-x", "m.s", "n/s", "aa"}) {
    add_submodule("upstream", "../lib", path);
  }
  CollectingSink sink;

  ASSERT_OK(stream_guarded(*source_, resolved("main"), sink));

  std::vector<std::string> paths;
  for (const Given& each : sink.given) {
    if (each.entry.kind == TreeEntry::Kind::file) {
      paths.push_back(each.entry.path);
    }
  }
  EXPECT_TRUE(std::is_sorted(paths.begin(), paths.end())) << testing::PrintToString(paths);
  EXPECT_EQ(listing_of(sink), cloned("main"));
}

TEST_F(GitSubmodules, TheyMoveAndGoAndBecomeOtherThings) {
  std::vector<std::string> commits = {add_submodule("upstream", "../lib", "one")};
  git_in("upstream", {"mv", "one", "two"});
  commits.push_back(commit_in("upstream"));
  commit_in("lib", "lib.c", "changed");
  git_in("upstream/two", {"pull", "--quiet"});
  commits.push_back(commit_in("upstream"));
  git_in("upstream", {"rm", "--quiet", "two"});
  commits.push_back(commit_in("upstream", "two", "a file now"));
  git_in("upstream", {"rm", "--quiet", "two"});
  commits.push_back(commit_in("upstream", "two/file", "a directory now"));

  for (const std::string& commit : commits) {
    EXPECT_EQ(published(commit), cloned(commit)) << commit;
  }
  EXPECT_TRUE(modules().empty()) << "the last one has none";
}

TEST_F(GitSubmodules, WhatIsPinnedNeedNotBeATip) {
  const std::string commit = add_submodule("upstream", "../lib", "lib");
  commit_in("lib", "lib.c", "later");
  commit_in("lib", "lib.c", "even later");

  EXPECT_EQ(files(commit)["lib/lib.c"], "lib");
  EXPECT_EQ(published(commit), cloned(commit));
}

TEST_F(GitSubmodules, EachCommitSaysWhereTheyAre) {
  const std::string first = add_submodule("upstream", "../lib", "lib");
  make_repository("other", "other.c", "other");
  git_in("upstream", {"submodule", "--quiet", "set-url", "lib", "../other"});
  git_in("upstream/lib", {"fetch", "--quiet", (temp_ / "other").native()});
  git_in("upstream/lib", {"checkout", "--quiet", "FETCH_HEAD"});
  const std::string second = commit_in("upstream");

  EXPECT_EQ(published(second), cloned(second));
  EXPECT_EQ(modules().size(), 1U);
  EXPECT_EQ(published(first), cloned(first));
  EXPECT_EQ(modules().size(), 1U) << "that of the other is not needed any more";
}

TEST_F(GitSubmodules, TwoMayBeOfOneRepository) {
  add_submodule("upstream", "../lib", "one");
  commit_in("lib", "lib.c", "changed");
  const std::string commit = add_submodule("upstream", "../lib", "two");

  EXPECT_EQ(published(commit), cloned(commit));
  EXPECT_EQ(published(commit), cloned(commit)) << "also when both are here";
  EXPECT_EQ(modules().size(), 1U);
}

TEST_F(GitSubmodules, AllCommitsOfOneRepositorySurviveTidying) {
  std::string commit = plant("stays", lib_, entry_of("stays", "../lib") + entry_of("moves", "../lib"));
  for (std::uint32_t i = 0; i < 10; ++i) {
    const std::string pinned = commit_in("lib", "lib.c", noise(1000, i + 1));
    git({"update-index", "--add", "--cacheinfo", "160000," + pinned + ",moves"});
    git({"commit", "--quiet", "--message=moved"});
    commit = git({"rev-parse", "HEAD"});
    ASSERT_EQ(files(commit)["moves/lib.c"], noise(1000, i + 1));
  }
  std::filesystem::rename(temp_ / "lib", temp_ / "gone");

  EXPECT_EQ(files(commit)["stays/lib.c"], "lib");
}

TEST_F(GitSubmodules, AMirrorThatIsDamagedForOneOfThemIsMadeAnewForAll) {
  add_submodule("upstream", "../lib", "one");
  write_file(temp_ / "lib/lib.c", noise(1000));
  commit_in("lib");
  const std::string commit = add_submodule("upstream", "../lib", "two");
  const auto expected = published(commit);
  for (std::size_t i = 0; i < 2; ++i) {
    std::vector<Path> packs;
    for (const auto& each : std::filesystem::directory_iterator(modules().at(0) / "objects/pack")) {
      if (each.path().extension() == ".pack") {
        packs.push_back(each.path());
      }
    }
    ASSERT_FALSE(packs.empty());
    std::sort(packs.begin(), packs.end());
    std::filesystem::permissions(packs[i % packs.size()], std::filesystem::perms::all);
    write_file(packs[i % packs.size()], "damaged");

    EXPECT_EQ(published(commit), expected);
  }
}

TEST_F(GitSubmodules, OneWithAnEmptyTreeIsAnEmptyDirectory) {
  git_in("lib", {"rm", "--quiet", "lib.c"});
  commit_in("lib");

  const std::string commit = add_submodule("upstream", "../lib", "empty/lib");

  EXPECT_EQ(published(commit), cloned(commit));
  EXPECT_TRUE(published(commit).contains("empty/lib"));
}

TEST_F(GitSubmodules, WhatIsHereIsNotFetchedAgain) {
  const std::string commit = add_submodule("upstream", "../lib", "lib");
  ASSERT_EQ(files(commit)["lib/lib.c"], "lib");
  std::filesystem::rename(temp_ / "lib", temp_ / "gone");

  EXPECT_EQ(files(commit)["lib/lib.c"], "lib");
}

TEST_F(GitSubmodules, ADamagedMirrorIsMadeAnew) {
  const std::string commit = add_submodule("upstream", "../lib", "lib");
  ASSERT_EQ(files(commit)["lib/lib.c"], "lib");
  ASSERT_EQ(modules().size(), 1U);
  ASSERT_OK(remove_tree(modules()[0] / "objects"));

  EXPECT_EQ(files(commit)["lib/lib.c"], "lib");
}

TEST_F(GitSubmodules, EmptyDirectoriesArePublishedIfThoseAreWanted) {
  const std::string commit = add_submodule("upstream", "../lib", "lib");
  ASSERT_EQ(files(commit)["lib/lib.c"], "lib");
  source_ = open_source("git+" + upstream_.native(), temp_ / "state", SourceOptions{false, true}).value();

  const auto found = published(commit);

  EXPECT_TRUE(found.contains("lib"));
  EXPECT_FALSE(found.contains("lib/lib.c"));
  EXPECT_TRUE(modules().empty());
}

TEST_F(GitSubmodules, AStopInTheMiddleOfOneIsTemporary) {
  commit_in("lib", "second", "x");
  const std::string commit = add_submodule("upstream", "../lib", "lib");
  std::stop_source stop;
  CollectingSink sink;
  MeddlingSink stopping(sink, [&](const TreeEntry& entry) -> Result<void> {
    if (entry.path == "lib/lib.c") {
      stop.request_stop();
    }
    return {};
  });

  EXPECT_THAT(stream_guarded(*source_, commit, stopping, stop.get_token()), FailsWith(ErrorCode::temporary));
}

// What cannot be had is said with its path and its place.

TEST_F(GitSubmodules, OneThatIsNotInGitmodulesIsRefused) {
  const std::string commit = plant("lib", lib_, entry_of("elsewhere", "../lib"));

  EXPECT_THAT(streamed(commit), FailsWith(ErrorCode::refused, "\"lib\" is a submodule, and .gitmodules"));
  EXPECT_THAT(streamed(commit), FailsWith(ErrorCode::refused, "--allow-empty-submodules"));
}

TEST_F(GitSubmodules, ACommitThatItsRepositoryDoesNotHaveIsRefused) {
  const std::string commit = plant("lib", kNoCommit, entry_of("lib", "../lib"));

  EXPECT_THAT(streamed(commit), FailsWith(ErrorCode::refused, "\"lib\": " + (temp_ / "lib").native()));
  EXPECT_THAT(streamed(commit), FailsWith(ErrorCode::refused, kNoCommit));
}

TEST_F(GitSubmodules, APlaceThatIsNotThereFailsAndIsNamed) {
  make_repository("between", "x", "x");
  const std::string commit = add_submodule("lib", "../between", "deep");
  const std::string outer = add_submodule("upstream", "../lib", "lib");
  ASSERT_OK(remove_tree(temp_ / "between"));

  EXPECT_THAT(streamed(outer), FailsWith(ErrorCode::failed, "\"lib/deep\": "));
  EXPECT_THAT(streamed(outer), FailsWith(ErrorCode::failed, (temp_ / "between").native()));
}

TEST_F(GitSubmodules, NoSecretOfTheirUrlIsShown) {
  const std::string commit = plant("lib", lib_, entry_of("lib", "http://bot:S3cret@127.0.0.1:1/lib.git"));

  const auto done = streamed(commit);

  ASSERT_THAT(done, FailsWith(ErrorCode::failed, "http://127.0.0.1:1/lib.git"));
  EXPECT_THAT(to_string(done.error()), testing::Not(testing::HasSubstr("S3cret")));
}

TEST_F(GitSubmodules, TheyAreNotNestedWithoutEnd) {
  std::string inner = lib_;
  std::string below = "../lib";
  for (int i = 0; i < 17; ++i) {
    const std::string name = "level" + std::to_string(i);
    make_repository(name, ".gitmodules", entry_of("s", below));
    git_in(name, {"update-index", "--add", "--cacheinfo", "160000," + inner + ",s"});
    git_in(name, {"commit", "--quiet", "--message=nested"});
    inner = git_in(name, {"rev-parse", "HEAD"});
    below = "../" + name;
  }

  EXPECT_THAT(streamed(plant("s", inner, entry_of("s", below))), FailsWith(ErrorCode::refused, "nested deeper"));
}

// .gitmodules is written by whoever can push.

TEST_F(GitSubmodules, AHostileGitmodulesRunsNothingAndLeavesNothing) {
  const Path touched = temp_ / "touched";
  write_file(temp_ / "evil", "#!/bin/sh\ntouch " + touched.native() + "\n", true);
  const std::string entry = "[submodule \"lib\"]\n\tpath = lib\n\turl = ";
  const std::string evil = (temp_ / "evil").native();
  const std::vector<std::string> all = {entry + "ext::" + evil + "\n",
                                        entry + "ext::sh -c " + evil + "\n",
                                        entry + "--upload-pack=" + evil + "\n",
                                        entry + "-u" + evil + "\n",
                                        entry + "\"../lib\\n" + evil + "\"\n",
                                        entry + "lib\n",
                                        entry + "../../../../../../../../../../lib\n",
                                        "[submodule \"../../../lib\"]\n\tpath = lib\n\turl = ../lib\n",
                                        "[submodule \"lib\"]\n\tpath = ../lib\n\turl = ../lib\n",
                                        "[submodule \"lib\"]\n\tpath = lib/\n\turl = ../lib\n",
                                        "[include]\n\tpath = " + (temp_ / "included").native() + "\n",
                                        std::string("[submodule \"lib\"\n\tpath = lib\n"),
                                        std::string()};
  write_file(temp_ / "included", entry + "../lib\n");
  for (const std::string& gitmodules : all) {
    EXPECT_THAT(streamed(plant("lib", lib_, gitmodules + "[x]\n")), FailsWith(ErrorCode::refused, "lib")) << gitmodules;
  }
  EXPECT_FALSE(path_exists(touched));
  EXPECT_TRUE(modules().empty());
}

TEST_F(GitSubmodules, FilesOfThisHostAreNotReachedByARewrittenUrlEither) {
  const std::string commit = add_submodule("upstream", "../lib", "lib");
  write_file(temp_ / "gitconfig", "[url \"" + temp_.path().native() + "/\"]\n\tinsteadOf = company:\n");
  ::setenv("GIT_CONFIG_GLOBAL", (temp_ / "gitconfig").c_str(), 1);
  source_ = open("company:upstream");

  const auto done = streamed(commit);
  ::unsetenv("GIT_CONFIG_GLOBAL");

  EXPECT_THAT(done, FailsWith(ErrorCode::failed, "transport 'file' not allowed")) << "as with git";
}

TEST_F(GitSubmodules, ACommandToUpdateThemIsNotRun) {
  const Path touched = temp_ / "touched";

  EXPECT_THAT(streamed(plant("lib", lib_, entry_of("lib", "../lib") + "\tupdate = !touch " + touched.native() + "\n")),
              IsOk());

  EXPECT_FALSE(path_exists(touched));
}

TEST_F(GitSubmodules, AGitmodulesThatIsALinkIsNotFollowed) {
  write_file(temp_ / "target", "modules");
  const std::string target = git({"hash-object", "-w", (temp_ / "target").native()});
  write_file(temp_ / "tree", "120000 blob " + target + "\t.gitmodules\n160000 commit " + lib_ + "\tlib\n");
  const Command mktree{{"sh", "-c", "git mktree --missing < ../tree"}, {}, upstream_};
  ASSERT_OK_AND_ASSIGN(const std::string tree, run_and_capture(mktree, kMiB, {}));
  const std::string commit = git({"commit-tree", "-m", "planted", without_newline(tree)});

  EXPECT_THAT(streamed(commit), FailsWith(ErrorCode::refused, "\"lib\" is a submodule"));
}

}  // namespace swarmout::test
