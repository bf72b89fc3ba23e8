// `fetch` by hand, and `peer --once`.

#include "tests/e2e/fleet.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;

/// A fleet whose host 1 runs the service, with releases r-one and r-two published.
struct Published : Fleet {
  Published() {
    for (const std::string revision : {"r-one", "r-two"}) {
      make_awkward_tree(tree(revision));
      write_file(tree(revision) / "which", revision);
      Process leader = seed(9, counted_source(tree(revision)), {"--revision", revision, "--slot", revision});
      EXPECT_EQ(leader.wait(), 0) << leader.err();
      EXPECT_TRUE(wait_for([&] { return read_file(current(1) / "which", 100).value_or("") == revision; },
                           std::chrono::seconds(20)))
          << service.err();
    }
  }
  Path tree(const std::string& revision) const { return scratch("source-" + revision); }
  Process service = peer(1);
};

}  // namespace

TEST(EndToEnd, FetchBringsTheNewestReleaseAndPrintsOnlyItsDirectory) {
  Published fleet;
  const Finished done = fleet.fetch(2, "latest");
  ASSERT_EQ(done.status, 0) << done.err;
  const Path printed = done.out.substr(0, done.out.size() - 1);
  EXPECT_EQ(listing(printed), listing(fleet.tree("r-two")));
  EXPECT_EQ(fleet.fetch(2, "latest").out, done.out) << "the second time it is there already";
}

TEST(EndToEnd, FetchTakesAnOlderRevisionItsBeginningOrItsNumber) {
  Published fleet;
  for (const std::string wanted : {"r-one", "r-on", "2"}) {
    const Finished done = fleet.fetch(2, wanted, {"--to", fleet.scratch("to-" + wanted)});
    EXPECT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(done.out, fleet.scratch("to-" + wanted).native() + "\n");
    EXPECT_EQ(listing(fleet.scratch("to-" + wanted)), listing(fleet.tree("r-one")));
  }
}

TEST(EndToEnd, FetchOfAnUnknownRevisionNamesTheNewest) {
  Published fleet;
  const Finished done = fleet.fetch(2, "r-three");
  EXPECT_EQ(done.status, 66);
  EXPECT_EQ(done.out, "");
  EXPECT_THAT(done.err, HasSubstr("r-three"));
  EXPECT_THAT(done.err, HasSubstr("release 4 (r-two), release 2 (r-one)"));
}

TEST(EndToEnd, FetchDoesNotWriteIntoADirectoryThatHasThings) {
  Published fleet;
  write_file(fleet.scratch("mine") / "precious", "do not touch");
  const Finished done = fleet.fetch(2, "latest", {"--to", fleet.scratch("mine")});
  EXPECT_EQ(done.status, 73);
  EXPECT_EQ(listing(fleet.scratch("mine")).size(), 1u);
}

TEST(EndToEnd, PeerOnceEndsWhenTheNewestReleaseIsActive) {
  Published fleet;
  Process once = fleet.peer(2, {"--once"});
  EXPECT_EQ(once.wait(), 0) << once.err();
  EXPECT_EQ(listing(fleet.current(2)), listing(fleet.tree("r-two")));
}

TEST(EndToEnd, PeerOnceOnAnEmptyShareSaysThatNothingIsPublished) {
  Fleet fleet;
  Process once = fleet.peer(1, {"--once"});
  EXPECT_EQ(once.wait(), 66);
  EXPECT_THAT(once.err(), HasSubstr("nothing is published"));
}

TEST(EndToEnd, AKilledPeerGoesOnWithWhatItHas) {
  Fleet fleet;
  constexpr std::size_t kSize = 24 * kMiB;
  write_file(fleet.scratch("source") / "noise", noise(kSize));
  Process seed = fleet.seed(9, "dir:" + fleet.scratch("source").native(), {"--upload-limit", "4M"});
  {
    Process peer = fleet.peer(1);
    ASSERT_TRUE(wait_for([&] {
      const auto peers = fleet.status()["peers"];
      return !peers.empty() && peers[0]["have_bytes"].get<std::size_t>() > kSize / 2;
    })) << peer.err()
        << seed.err();
    peer.signal(SIGKILL);
    EXPECT_EQ(peer.wait(), 128 + SIGKILL);
  }
  Process peer = fleet.peer(1);
  ASSERT_TRUE(wait_for([&] { return path_exists(fleet.current(1)); })) << peer.err();
  EXPECT_EQ(listing(fleet.current(1)), listing(fleet.scratch("source")));
  ASSERT_TRUE(wait_for([&] { return fleet.status()["releases"][0]["active_on"] == 1; }));
  std::size_t downloaded = 0;
  const auto status = fleet.status();
  for (const auto& each : status["peers"]) {  // the dead one's record is still there: it had no time to remove it
    if (each["release"] != 0) {
      downloaded = each["downloaded_bytes"];
    }
  }
  EXPECT_GT(downloaded, 0u) << peer.err();
  EXPECT_LT(downloaded, kSize * 6 / 10) << "it fetched again what it had";
}

TEST(EndToEnd, AnUpdateFetchesOnlyWhatIsNew) {
  Fleet fleet;
  const Path tree = fleet.scratch("source");
  write_file(tree / "large", noise(20 * kMiB));
  write_file(tree / "small", "one");
  Process peer = fleet.peer(1);
  ASSERT_EQ(fleet.seed(9, "dir:" + tree.native(), {"--slot", "1"}).wait(), 0);
  ASSERT_TRUE(wait_for([&] { return read_file(fleet.current(1) / "small", 9).value_or("") == "one"; }));
  const auto unchanged = std::filesystem::last_write_time(fleet.current(1) / "large");
  write_file(tree / "small", "two");
  ASSERT_EQ(fleet.seed(9, "dir:" + tree.native(), {"--slot", "2"}).wait(), 0);
  ASSERT_TRUE(wait_for([&] { return read_file(fleet.current(1) / "small", 9).value_or("") == "two"; }));
  const auto status = fleet.status();
  EXPECT_LT(status["peers"][0]["downloaded_bytes"].get<std::size_t>(), kMiB);
  EXPECT_EQ(std::filesystem::last_write_time(fleet.current(1) / "large"), unchanged)
      << "incremental builds on the clones must stay incremental";
}

}  // namespace swarmout::test
