#include "peer/tree/release_trees.hpp"

#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

namespace swarmout::test {

namespace {

constexpr int kFiles = 10;

Descriptor release(std::uint64_t position) {
  Descriptor descriptor;
  descriptor.position = {position};
  descriptor.revision = "r" + std::to_string(position);
  return descriptor;
}

void make_release(ReleaseTrees& trees, const Descriptor& descriptor) {
  for (int i = 0; i < kFiles; ++i) {
    write_file(trees.incoming(descriptor) / ("file" + std::to_string(i)), descriptor.revision);
  }
  const auto accepted = trees.accept(descriptor);
  ASSERT_TRUE(accepted) << to_string(accepted.error());
}

/// What a job does: resolves `current` once, and reads everything in it.
std::set<std::string> read_current(const Path& dest) {
  const auto directory = open_file(dest / "current", O_RDONLY | O_DIRECTORY);
  if (!directory) {
    return {"no current"};
  }
  std::set<std::string> seen;
  for (int i = 0; i < kFiles; ++i) {
    const std::string path = "/proc/self/fd/" + std::to_string(directory->get()) + "/file" + std::to_string(i);
    seen.insert(read_file(path, 100).value_or("missing"));
  }
  return seen;
}

}  // namespace

TEST(ReleaseTrees, AReaderNeverSeesNothingOrAMixtureDuringAHundredSwitches) {
  const TempDir dest;
  ASSERT_OK_AND_ASSIGN(ReleaseTrees trees, ReleaseTrees::open(dest.path()));
  make_release(trees, release(1));
  ASSERT_OK(trees.activate(release(1)));

  std::atomic<std::uint64_t> reads{0};
  std::atomic<int> bad{0};
  std::jthread reader([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      const auto seen = read_current(dest.path());
      bad += seen.size() == 1 && seen.begin()->starts_with("r") ? 0 : 1;
      ++reads;
      reads.notify_all();
    }
  });
  for (std::uint64_t position = 2; position <= 101; ++position) {
    make_release(trees, release(position));
    ASSERT_OK(trees.activate(release(position)));
    ASSERT_OK(trees.prune(3, std::nullopt));
    // Two more reads, so that none of them spans more than two switches, and its release is not pruned yet.
    for (const std::uint64_t wanted = reads + 2; reads < wanted;) {
      reads.wait(reads);
    }
  }
  reader.request_stop();
  reader.join();
  EXPECT_GE(reads, 200u);
  EXPECT_EQ(bad, 0);
}

TEST(ReleaseTrees, KeepsTheNewestAndWhatCurrentNames) {
  const TempDir dest;
  ASSERT_OK_AND_ASSIGN(ReleaseTrees trees, ReleaseTrees::open(dest.path()));
  for (std::uint64_t position = 1; position <= 6; ++position) {
    make_release(trees, release(position));
  }
  ASSERT_OK(trees.activate(release(2)));  // rolled back, say
  ASSERT_OK(trees.prune(3, std::nullopt));
  EXPECT_FALSE(trees.has(release(1)));
  EXPECT_TRUE(trees.has(release(2)));
  EXPECT_FALSE(trees.has(release(3)));
  EXPECT_TRUE(trees.has(release(4)) && trees.has(release(5)) && trees.has(release(6)));
  EXPECT_EQ(trees.current(), "00000002-r2");
}

TEST(ReleaseTrees, RemovesWhatAnInterruptedRunLeftButNotTheBusyTree) {
  const TempDir dest;
  ASSERT_OK_AND_ASSIGN(ReleaseTrees trees, ReleaseTrees::open(dest.path()));
  write_file(trees.incoming(release(1)) / "half", "x");
  write_file(trees.incoming(release(2)) / "half", "x");
  write_file(dest / ".tmp-leftover", "x");
  write_file(dest / "mine", "not ours");
  ASSERT_OK(trees.prune(3, trees.incoming(release(2))));
  EXPECT_FALSE(path_exists(trees.incoming(release(1))));
  EXPECT_TRUE(path_exists(trees.incoming(release(2))));
  EXPECT_FALSE(path_exists(dest / ".tmp-leftover"));
  EXPECT_TRUE(path_exists(dest / "mine"));
}

TEST(ReleaseTrees, AnIncomingTreeIsNoReleaseUntilItIsAccepted) {
  const TempDir dest;
  ASSERT_OK_AND_ASSIGN(ReleaseTrees trees, ReleaseTrees::open(dest.path()));
  write_file(trees.incoming(release(1)) / "file", "x");
  EXPECT_FALSE(trees.has(release(1)));
  ASSERT_OK(trees.accept(release(1)));
  EXPECT_TRUE(trees.has(release(1)));
}

TEST(ReleaseTrees, ARevisionCannotLeadOutOfTheDirectory) {
  const TempDir dest;
  ASSERT_OK_AND_ASSIGN(ReleaseTrees trees, ReleaseTrees::open(dest.path()));
  Descriptor hostile = release(1);
  hostile.revision = "../../../etc";
  EXPECT_EQ(trees.tree(hostile).parent_path(), dest / "releases");
}

TEST(ReleaseTrees, TheLinkIsRelativeSoThatTheDirectoryCanBeMountedElsewhere) {
  const TempDir dest;
  ASSERT_OK_AND_ASSIGN(ReleaseTrees trees, ReleaseTrees::open(dest.path()));
  make_release(trees, release(1));
  ASSERT_OK(trees.activate(release(1)));
  EXPECT_EQ(std::filesystem::read_symlink(dest / "current"), "releases/00000001-r1");
}

}  // namespace swarmout::test
