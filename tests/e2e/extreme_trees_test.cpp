// Trees at the limits of Linux file systems, from a source to a peer.

#include "tests/e2e/extreme_tree.hpp"
#include "tests/e2e/fleet.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdlib>

namespace swarmout::test {

namespace {

/// A hundred thousand files are made, copied, compared and removed in seconds in memory, and in minutes on a slow disk.
class InMemoryIfThereIsRoom {
public:
  InMemoryIfThereIsRoom() {
    std::error_code error;
    const auto space = std::filesystem::space("/dev/shm", error);
    if (!error && space.available > 8 * kGiB) {
      EXPECT_EQ(::setenv("TMPDIR", "/dev/shm", 1), 0);
    }
  }
  ~InMemoryIfThereIsRoom() { before_.empty() ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", before_.c_str(), 1); }

private:
  std::string before_ = std::getenv("TMPDIR") == nullptr ? "" : std::getenv("TMPDIR");
};

class ExtremeTrees : public testing::Test {
protected:
  InMemoryIfThereIsRoom in_memory_;
  Fleet fleet_;
};

/// What cron and systemd give to a process.
class UsualDescriptorLimit {
public:
  UsualDescriptorLimit() {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    const rlimit usual{std::min<rlim_t>(1024, before_.rlim_max), before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);
  }
  ~UsualDescriptorLimit() { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0); }

private:
  rlimit before_{};
};

/// The trees are too large to be printed.
void expect_same_tree(const Path& expected, const Path& actual) {
  const auto before = snapshot(expected);
  const auto after = snapshot(actual);
  EXPECT_EQ(before.size(), after.size());
  int shown = 0;
  for (const auto& [path, what] : before) {
    const auto found = after.find(path);
    if ((found == after.end() || found->second != what) && ++shown <= 10) {
      ADD_FAILURE() << path.substr(0, 300) << " should be " << what << ", but is "
                    << (found == after.end() ? "missing" : found->second);
    }
  }
}

/// Publishes for a peer that is waiting for it; both have the whole tree in the end.
void publish(Fleet& fleet, const std::string& source) {
  const UsualDescriptorLimit usual;
  Process peer = fleet.peer(1);
  ASSERT_TRUE(wait_for([&] { return fleet.status()["peers"].size() == 1; })) << peer.err();
  Process seed = fleet.seed(9, source);
  ASSERT_EQ(seed.wait(), 0) << seed.err();
  ASSERT_TRUE(wait_for([&] { return path_exists(fleet.current(1)); })) << peer.err();
  peer.signal(SIGTERM);
  EXPECT_EQ(peer.wait(), 0) << peer.err();
}

}  // namespace

TEST_F(ExtremeTrees, DeepPathsAndAnyNamesArriveAsTheyWere) {
  const Path tree = fleet_.scratch("source");
  make_deep_paths(tree / "deep");
  make_names_of_every_byte(tree / "names");
  std::filesystem::create_directories(tree / "void/in/void");

  publish(fleet_, "dir:" + tree.native());

  expect_same_tree(tree, fleet_.current(1));
}

TEST_F(ExtremeTrees, AHundredThousandFilesArriveAsTheyWere) {
  const Path tree = fleet_.scratch("source");
  make_many_files(tree, 100'000);

  publish(fleet_, "dir:" + tree.native());

  expect_same_tree(tree, fleet_.current(1));
}

TEST_F(ExtremeTrees, ASparseFileOfMoreThan4GiBArrivesAsItWas) {
  const Path tree = fleet_.scratch("source");
  make_sparse_file(tree / "large", 4 * kGiB + kMiB);

  publish(fleet_, "dir:" + tree.native());

  expect_same_tree(tree, fleet_.current(1));
  EXPECT_TRUE(same_content(tree / "large", fleet_.current(1) / "large"));
  struct stat info {};
  ASSERT_EQ(::stat((fleet_.current(1) / "large").c_str(), &info), 0);
  EXPECT_LT(static_cast<Bytes>(info.st_blocks) * 512, 64 * kMiB) << "it is not sparse any more";
}

TEST_F(ExtremeTrees, ASparseFileOfMoreThan4GiBArrivesFromATar) {
  const Path tree = fleet_.scratch("source");
  make_sparse_file(tree / "large", 4 * kGiB + kMiB);

  publish(fleet_, "tar:tar -C '" + tree.native() + "' --sparse -cf - .");

  expect_same_tree(tree, fleet_.current(1));
  EXPECT_TRUE(same_content(tree / "large", fleet_.current(1) / "large"));
}

TEST_F(ExtremeTrees, WhatGitCanHoldArrivesFromGit) {
  // Git could hold the other two trees as well, but takes minutes for them.
  const Path tree = fleet_.scratch("source");
  const Path repository = fleet_.scratch("repository.git");
  make_deep_paths(tree / "deep");
  make_names_of_every_byte(tree / "names");
  make_many_files(tree / "many", 5000);
  write_fast_import(tree, fleet_.scratch("stream"));
  const Finished made = run({{"sh", "-c",
                              "git init --quiet --bare --initial-branch=main \"$0\" && "
                              "git --git-dir \"$0\" fast-import --quiet --done < \"$1\"",
                              repository.native(), fleet_.scratch("stream").native()},
                             {}},
                            fleet_.scratch("git"));
  ASSERT_EQ(made.status, 0) << made.err;

  publish(fleet_, "git+" + repository.native() + "#main");

  expect_same_tree(tree, fleet_.current(1));
}

}  // namespace swarmout::test
