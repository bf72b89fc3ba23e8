// Trees at the limits of Linux file systems, from a source to a peer.

#include "tests/e2e/extreme_tree.hpp"
#include "tests/e2e/fleet.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

namespace swarmout::test {

namespace {

constexpr int kManyFiles = 100'000;

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

void make_extreme_tree(const Path& tree) {
  make_deep_paths(tree / "deep");
  make_names_of_every_byte(tree / "names");
  make_many_files(tree / "many", kManyFiles);
}

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

TEST(ExtremeTrees, DeepLongManyAndLargeFilesArriveAsTheyWere) {
  Fleet fleet;
  const Path tree = fleet.scratch("source");
  make_extreme_tree(tree);
  make_sparse_file(tree / "large", 4 * kGiB + kMiB);
  std::filesystem::create_directories(tree / "void/in/void");

  publish(fleet, "dir:" + tree.native());

  expect_same_tree(tree, fleet.current(1));
  EXPECT_TRUE(same_content(tree / "large", fleet.current(1) / "large"));
}

TEST(ExtremeTrees, WhatGitCanHoldArrivesFromGit) {
  // Git could hold the large file too, but takes minutes for it.
  Fleet fleet;
  const Path tree = fleet.scratch("source");
  const Path repository = fleet.scratch("repository.git");
  make_extreme_tree(tree);
  write_fast_import(tree, fleet.scratch("stream"));
  const Finished made = run({{"sh", "-c",
                              "git init --quiet --bare --initial-branch=main \"$0\" && "
                              "git --git-dir \"$0\" fast-import --quiet --done < \"$1\"",
                              repository.native(), fleet.scratch("stream").native()},
                             {}},
                            fleet.scratch("git"));
  ASSERT_EQ(made.status, 0) << made.err;

  publish(fleet, "git+" + repository.native() + "#main");

  expect_same_tree(tree, fleet.current(1));
}

}  // namespace swarmout::test
