// A git source with submodules and Git LFS content, exported by what differs between two commits.

#include "common/base/subprocess.hpp"
#include "seeder/source/open_source.hpp"
#include "tests/seeder/exported_twice.hpp"
#include "tests/seeder/source/streaming.hpp"
#include "tests/support/bytes.hpp"

#include <random>

namespace swarmout::test {

namespace {

class GitModulesChanges : public ExportedTwice {
protected:
  void SetUp() override {
    for (const Path& each : {tree_, lib_}) {
      ASSERT_OK(make_directories(each));
      git(each, {"init", "--quiet", "--initial-branch=main", "."});
      git(each, {"lfs", "install", "--local", "--skip-repo"});
      write_file(each / ".gitattributes", "*.bin filter=lfs -text\n");
    }
    write_file(lib_ / "large", noise(2 * kMiB));
    pinned_.push_back(commit(lib_));
    options_.source = "git+" + (tree_ / ".git").native();
  }

  static std::string git(const Path& repository, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"git", "-c", "user.name=T", "-c", "user.email=t@example.com"});
    const Command command{std::move(arguments), {{"GIT_CONFIG_GLOBAL", "/dev/null"}, {"LC_ALL", "C"}}, repository};
    const auto said = run_and_capture(command, kMiB, {});
    EXPECT_THAT(said, IsOk());
    return said.value_or("").substr(0, said.value_or("").find('\n'));
  }
  static std::string commit(const Path& repository) {
    git(repository, {"add", "--all", "--force"});
    git(repository, {"commit", "--quiet", "--allow-empty", "--message=change"});
    return git(repository, {"rev-parse", "HEAD"});
  }
  /// All of the superproject's tree, with submodules at these paths, each of a commit of the other repository.
  std::string commit_with(const std::map<std::string, std::string>& submodules) {
    std::string entries;
    for (const auto& [path, pinned] : submodules) {
      entries += "[submodule \"" + path + "\"]\n\tpath = " + path + "\n\turl = " + (lib_ / ".git").native() + "\n";
    }
    write_file(tree_ / ".gitmodules", entries);
    git(tree_, {"add", "--all", "--force"});
    for (const auto& [path, pinned] : submodules) {
      git(tree_, {"update-index", "--add", "--cacheinfo", "160000," + pinned + "," + path});
    }
    git(tree_, {"commit", "--quiet", "--allow-empty", "--message=change"});
    return git(tree_, {"rev-parse", "HEAD"});
  }
  std::string commit_with(const std::string& name, const std::string& content,
                          const std::map<std::string, std::string>& submodules) {
    write_file(tree_ / name, content);
    return commit_with(submodules);
  }
  void export_and_compare(const std::string& revision, const SourceOptions& options = {}) {
    ExportedTwice::export_and_compare(*open_source(options_.source, options_.state, options).value(),
                                      *open_source(options_.source, options_.state, options).value(), revision);
  }

  Path lib_ = temp_ / "lib";
  std::vector<std::string> pinned_;  ///< commits of it
};

class RandomModulesHistory : public GitModulesChanges, public testing::WithParamInterface<unsigned> {};

}  // namespace

TEST_P(RandomModulesHistory, GivesTheSameAsAnExportOfEverything) {
  std::mt19937 random(GetParam());
  AwkwardHistory history(GetParam());
  std::map<std::string, std::string> submodules;
  bool moved = true;
  int took = 0;
  for (int step = 0; step < 10; ++step) {
    SCOPED_TRACE(step);
    MadeTree tree = history.step();
    tree["content.bin"] = {Node::Kind::file, noise(2000, random() % 3)};
    write(tree);
    if (random() % 3 == 0) {
      write_file(lib_ / ("file" + std::to_string(random() % 4)), noise(100, random() % 100));
      write_file(lib_ / "inner.bin", noise(5000, random() % 100));
      pinned_.push_back(commit(lib_));
    }
    if (random() % 2 == 0) {
      const char* const paths[] = {"y", "y-", "y.d", "y0/deep", "y1"};
      const std::string path = paths[random() % 5];
      const bool goes = submodules.contains(path) && random() % 2 == 0;
      moved = moved || !goes || submodules.contains(path);
      goes ? static_cast<void>(submodules.erase(path))
           : static_cast<void>(submodules[path] = pinned_[random() % pinned_.size()]);
    }
    export_and_compare(commit_with(submodules));
    ASSERT_FALSE(HasFailure());
    took += took_changes() ? 1 : 0;
    EXPECT_TRUE(took_changes() || moved) << said_.back();
    moved = false;
  }
  EXPECT_GT(took, 2);
}
INSTANTIATE_TEST_SUITE_P(Seeds, RandomModulesHistory, testing::Values(1U, 2U));

TEST_F(GitModulesChanges, ALineBesideSubmodulesThatStayReadsNothingElse) {
  const std::map<std::string, std::string> submodules = {{"one", pinned_[0]}, {"two", pinned_[0]}};
  export_and_compare(commit_with("file", "one", submodules));
  ASSERT_OK(remove_tree(lib_));  // nobody is to look there
  export_once(*open_source(options_.source, options_.state).value(), commit_with("file", "second", submodules)).value();

  EXPECT_TRUE(took_changes());
  EXPECT_EQ(read_, 6U);
}

TEST_F(GitModulesChanges, AnEmptySubmoduleStaysAnEmptyDirectory) {
  git(lib_, {"rm", "--quiet", "-r", "."});
  git(lib_, {"commit", "--quiet", "--message=empty"});
  const std::string empty = git(lib_, {"rev-parse", "HEAD"});
  export_and_compare(commit_with("file", "one", {{"deep/empty", empty}}));

  export_and_compare(commit_with("file", "two", {{"deep/empty", empty}}));

  EXPECT_TRUE(took_changes());
}

TEST_F(GitModulesChanges, OneThatMovesMeansEverything) {
  write_file(lib_ / "more", "more");
  pinned_.push_back(commit(lib_));
  export_and_compare(commit_with("file", "one", {{"lib", pinned_[0]}}));

  export_and_compare(commit_with("file", "one", {{"lib", pinned_[1]}}));

  EXPECT_FALSE(took_changes());
}

TEST_F(GitModulesChanges, TheFirstOneIsPublishedToo) {
  export_and_compare(commit_with("file", "one", {}));

  export_and_compare(commit_with("file", "two", {{"lib", pinned_[0]}}));
  EXPECT_FALSE(took_changes());
  export_and_compare(commit_with("file", "three", {}));

  EXPECT_FALSE(took_changes());
}

TEST_F(GitModulesChanges, WhatWasEmptyIsPublishedOnceThatIsWanted) {
  const std::map<std::string, std::string> submodules = {{"lib", pinned_[0]}};
  export_and_compare(commit_with("file", "one", submodules), {false, true});

  export_and_compare(commit_with("file", "two", submodules));
  EXPECT_FALSE(took_changes());
  export_and_compare(commit_with("file", "three", submodules), {false, true});

  EXPECT_FALSE(took_changes());
}

// Git LFS content.

TEST_F(GitModulesChanges, OnlyContentThatChangedIsFetchedAndRead) {
  write_file(tree_ / "stays.bin", noise(2 * kMiB, 1));
  export_and_compare(commit_with("goes.bin", "old content", {}));
  ASSERT_OK(remove_tree(tree_ / ".git/lfs/objects"));
  const auto revision = commit_with("goes.bin", "new content!", {});

  export_once(*open_source(options_.source, options_.state).value(), revision).value();

  EXPECT_TRUE(took_changes());
  EXPECT_EQ(read_, 12U);
}

TEST_F(GitModulesChanges, WhatWasAPointerIsContentOnceThatIsWanted) {
  write_file(tree_ / "large.bin", noise(5000, 1));
  export_and_compare(commit_with("file", "one", {}), {true, false});

  export_and_compare(commit_with("file", "two", {}));
  EXPECT_FALSE(took_changes());
  export_and_compare(commit_with("file", "three", {}), {true, false});

  EXPECT_FALSE(took_changes());
}

}  // namespace swarmout::test
