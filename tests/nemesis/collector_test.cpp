// A leader that is frozen while it tidies up the share, and goes on by a view of the log that is long out of date.

#include "tests/e2e/fleet.hpp"
#include "tests/nemesis/stopped.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>

namespace swarmout::test {

TEST(Collector, ThatWasFrozenRemovesNothingThatWasPublishedMeanwhile) {
  Fleet fleet;
  const Path tree = fleet.scratch("source");
  make_awkward_tree(tree);
  const std::string source = fleet.counted_source(tree);
  const Process peer = fleet.peer(1);
  ASSERT_TRUE(wait_for([&] { return fleet.status()["peers"].size() == 1; }));
  const auto torrents = [&] {
    const auto blobs = list_directory(fleet.share() / "torrents").value();
    return std::count_if(blobs.begin(), blobs.end(), [](const auto& name) { return name.ends_with(".torrent"); });
  };
  const auto deltas = [&] { return list_directory(fleet.share() / "torrents")->size() - torrents(); };
  // Something to collect: the torrent of a release that came to nothing.
  Process doomed = fleet.seed(2, source, {"--slot", "1"}, {{"SWARMOUT_FAILPOINT", "after-stage:kill"}});
  ASSERT_EQ(doomed.wait(), 128 + SIGKILL);
  ASSERT_EQ(torrents(), 1);
  Process frozen = fleet.seed(3, source, {"--slot", "1", "--wait"}, {{"SWARMOUT_FAILPOINT", "while-tidying:stop"}});
  ASSERT_TRUE(wait_for([&] { return is_stopped(frozen); }));

  ASSERT_EQ(fleet.seed(4, source, {"--slot", "1", "--wait", "--linger", "0s"}).wait(), 0);
  for (const char* const slot : {"2", "3"}) {
    write_file(tree / "README", slot);
    ASSERT_EQ(fleet.seed(4, source, {"--slot", slot, "--linger", "20s"}).wait(), 0);
  }
  ASSERT_EQ(torrents(), 3);
  frozen.signal(SIGCONT);
  EXPECT_EQ(frozen.wait(), 75) << frozen.err();

  EXPECT_EQ(torrents(), 3) << "it was passed, so it has made none";
  const auto releases = fleet.status()["releases"];
  ASSERT_EQ(releases.size(), 3U);
  for (const auto& release : releases) {
    const Finished fetched = fleet.fetch(5, release["revision"].get<std::string>());
    EXPECT_EQ(fetched.status, 0) << fetched.err;
  }
  write_file(tree / "README", "4");
  ASSERT_EQ(fleet.seed(4, source, {"--slot", "4", "--linger", "0s"}).wait(), 0);
  EXPECT_EQ(torrents(), 4) << "of the releases, and nothing else";
  EXPECT_EQ(deltas(), 3U) << "of each but the first";
}

}  // namespace swarmout::test
