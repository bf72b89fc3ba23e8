// The main job: many seeds at the same moment, several peers, one export.

#include "tests/e2e/fleet.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<Process> start_peers(Fleet& fleet, int count) {
  std::vector<Process> peers;
  for (int host = 1; host <= count; ++host) {
    peers.push_back(fleet.peer(host));
  }
  EXPECT_TRUE(wait_for([&] { return fleet.status()["peers"].size() == static_cast<std::size_t>(count); }));
  return peers;
}

/// Runs `count` seeds at once; all must end well. Returns how many of them printed anything.
int race(Fleet& fleet, int count, const std::string& source, const Fleet::Options& options) {
  std::vector<Process> seeds;
  for (int host = 1; host <= count; ++host) {
    seeds.push_back(fleet.seed(host, source, options));
  }
  int talkative = 0;
  for (Process& seed : seeds) {
    EXPECT_EQ(seed.wait(), 0) << seed.err();
    talkative += seed.out().empty() && seed.err().empty() ? 0 : 1;
  }
  return talkative;
}

}  // namespace

TEST(EndToEnd, OneLeaderOfTenSeedsExportsOnceForFivePeers) {
  Fleet fleet;
  const Path tree = fleet.scratch("source");
  make_awkward_tree(tree);
  const std::string source = fleet.counted_source(tree);
  const auto peers = start_peers(fleet, 5);

  EXPECT_EQ(race(fleet, 10, source, {"--slot", "first"}), 0) << "cron would mail that";
  EXPECT_EQ(fleet.invocations(), 1);
  EXPECT_EQ(fleet.entries("COMMIT"), 1);
  EXPECT_EQ(fleet.entries("CLAIM"), 1);
  EXPECT_TRUE(wait_for([&] { return fleet.all_equal(5, tree); }));

  write_file(tree / "README", "second\n");
  write_file(tree / "new/file", prose(100'000, 7));
  std::filesystem::remove(tree / "twin-1");
  EXPECT_EQ(race(fleet, 10, source, {"--slot", "second"}), 0);
  EXPECT_EQ(fleet.invocations(), 2);
  EXPECT_EQ(fleet.entries("COMMIT"), 2);
  EXPECT_TRUE(wait_for([&] { return fleet.all_equal(5, tree); }));

  EXPECT_EQ(race(fleet, 10, source, {"--slot", "second"}), 0) << "the slot is done";
  EXPECT_EQ(fleet.invocations(), 2);
}

TEST(EndToEnd, ARevisionThatIsPublishedIsNotExportedAgain) {
  Fleet fleet;
  write_file(fleet.scratch("source") / "file", "content");
  const std::string source = fleet.counted_source(fleet.scratch("source"));
  EXPECT_EQ(fleet.seed(1, source, {"--revision", "r1", "--slot", "a", "--linger", "0s"}).wait(), 0);
  EXPECT_EQ(fleet.seed(2, source, {"--revision", "r1", "--slot", "b", "--linger", "0s"}).wait(), 0);
  EXPECT_EQ(fleet.invocations(), 1);
  EXPECT_EQ(fleet.entries("COMMIT"), 2) << "the slot is committed as unchanged";
  EXPECT_EQ(fleet.status()["releases"].size(), 1u);
}

TEST(EndToEnd, WithoutASlotARecentPublicationIsEnough) {
  Fleet fleet;
  write_file(fleet.scratch("source") / "file", "content");
  const std::string source = fleet.counted_source(fleet.scratch("source"));
  EXPECT_EQ(race(fleet, 4, source, {"--hold-off", "1h", "--linger", "0s"}), 0);
  EXPECT_EQ(race(fleet, 4, source, {"--hold-off", "1h", "--linger", "0s"}), 0);
  EXPECT_EQ(fleet.invocations(), 1);
}

TEST(EndToEnd, AFailedExportIsReportedAndLeavesTheSlotToOthers) {
  Fleet fleet;
  write_file(fleet.scratch("source") / "file", "content");
  Process broken = fleet.seed(1, "tar:echo the server is on fire >&2; exit 3", {"--slot", "a", "--max-attempts", "1"});
  EXPECT_EQ(broken.wait(), 1);
  EXPECT_THAT(broken.err(), HasSubstr("the server is on fire"));
  EXPECT_EQ(fleet.entries("ABANDON"), 1);
  EXPECT_EQ(fleet.seed(2, fleet.counted_source(fleet.scratch("source")), {"--slot", "a", "--linger", "0s"}).wait(), 0);
  EXPECT_EQ(fleet.entries("COMMIT"), 1);
}

TEST(EndToEnd, ReadersOfCurrentSeeWholeReleasesWhileTheServiceSwitches) {
  Fleet fleet;
  const Path tree = fleet.scratch("source");
  const auto peer = fleet.peer(1);
  const auto write_release = [&](int number) {
    for (int i = 0; i < 20; ++i) {
      write_file(tree / ("dir" + std::to_string(i % 4)) / std::to_string(i), std::to_string(number));
    }
  };
  std::atomic<int> reads{0};
  std::atomic<int> bad{0};
  std::jthread reader([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      std::error_code error;
      const Path release = std::filesystem::canonical(fleet.current(1), error);
      if (error) {
        continue;  // before the first release
      }
      std::set<std::string> seen;
      for (int i = 0; i < 20; ++i) {
        const auto content = read_file(release / ("dir" + std::to_string(i % 4)) / std::to_string(i), 100);
        seen.insert(content ? *content : "missing");
      }
      bad += seen.size() != 1 || seen.contains("missing") ? 1 : 0;
      ++reads;
    }
  });
  for (int number = 1; number <= 8; ++number) {
    write_release(number);
    EXPECT_EQ(fleet.seed(2, "dir:" + tree.native(), {"--slot", std::to_string(number)}).wait(), 0);
    EXPECT_TRUE(
        wait_for([&] { return read_file(fleet.current(1) / "dir0/0", 100).value_or("") == std::to_string(number); }));
  }
  reader.request_stop();
  reader.join();
  EXPECT_GT(reads, 8);
  EXPECT_EQ(bad, 0);
}

TEST(EndToEnd, APeerEndsSoonAfterSigterm) {
  Fleet fleet;
  write_file(fleet.scratch("source") / "file", "content");
  auto peers = start_peers(fleet, 1);
  ASSERT_EQ(fleet.seed(2, "dir:" + fleet.scratch("source").native()).wait(), 0);
  ASSERT_TRUE(wait_for([&] { return path_exists(fleet.current(1)); }));
  const auto started = std::chrono::steady_clock::now();
  peers[0].signal(SIGTERM);
  EXPECT_EQ(peers[0].wait(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(20));
  EXPECT_THAT(fleet.status()["peers"], IsEmpty()) << "it took its record off the share";
}

TEST(EndToEnd, APeerSurvivesAShareThatGoesAwayAndComesBack) {
  Fleet fleet;
  write_file(fleet.scratch("source") / "file", "one");
  auto peers = start_peers(fleet, 1);
  const std::string source = "dir:" + fleet.scratch("source").native();
  ASSERT_EQ(fleet.seed(2, source, {"--slot", "1"}).wait(), 0);
  ASSERT_TRUE(wait_for([&] { return path_exists(fleet.current(1)); }));

  std::filesystem::rename(fleet.share(), fleet.scratch("away"));
  EXPECT_TRUE(wait_for([&] { return peers[0].err().find("no FORMAT") != std::string::npos; })) << peers[0].err();
  EXPECT_EQ(read_file(fleet.current(1) / "file", 100).value_or(""), "one") << "what is active stays";
  EXPECT_FALSE(path_exists(fleet.share())) << "nobody but init makes a share";
  std::filesystem::rename(fleet.scratch("away"), fleet.share());

  write_file(fleet.scratch("source") / "file", "two");
  ASSERT_EQ(fleet.seed(2, source, {"--slot", "2"}).wait(), 0);
  EXPECT_TRUE(wait_for([&] { return read_file(fleet.current(1) / "file", 100).value_or("") == "two"; }));
}

TEST(EndToEnd, StatusSaysWhatIsPublishedAndWhoHasIt) {
  Fleet fleet;
  write_file(fleet.scratch("source") / "file", "content");
  const auto empty = fleet.status();
  EXPECT_THAT(empty["releases"], IsEmpty());
  EXPECT_TRUE(empty["leader"].is_null());
  const auto peers = start_peers(fleet, 2);
  ASSERT_EQ(fleet.seed(3, fleet.counted_source(fleet.scratch("source")), {"--revision", "r7"}).wait(), 0);
  const auto status = fleet.status();
  ASSERT_EQ(status["releases"].size(), 1u);
  EXPECT_EQ(status["releases"][0]["revision"], "r7");
  EXPECT_EQ(status["releases"][0]["release"], 2);
  EXPECT_EQ(status["releases"][0]["active_on"], 2);
  EXPECT_EQ(status["releases"][0]["files"], 1);
  for (const auto& peer : status["peers"]) {
    EXPECT_EQ(peer["revision"], "r7");
    EXPECT_EQ(peer["have_bytes"], peer["wanted_bytes"]);
  }
  const Finished table = fleet.command({"status", "--share", fleet.share()});
  EXPECT_THAT(table.out, HasSubstr("r7"));
  EXPECT_THAT(table.out, HasSubstr("2 of 2"));
}

}  // namespace swarmout::test
