// A leader that dies at any step: another host takes over, and exactly one release comes of it.

#include "common/fleet/leader_record.hpp"
#include "common/fleet/log_entry.hpp"
#include "common/share/open_share.hpp"
#include "tests/e2e/fleet.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gtest/gtest.h>
#include <signal.h>

namespace swarmout::test {

namespace {

class Takeover : public testing::TestWithParam<std::string> {};

}  // namespace

TEST_P(Takeover, AnotherHostPublishesWhenTheLeaderIsKilledAtThisStep) {
  Fleet fleet;
  make_awkward_tree(fleet.scratch("source"));
  const std::string source = fleet.counted_source(fleet.scratch("source"));
  const auto first = fleet.peer(1);
  const auto second = fleet.peer(2);
  ASSERT_TRUE(wait_for([&] { return fleet.status()["peers"].size() == 2; }));

  Process doomed = fleet.seed(3, source, {"--slot", "s"}, {{"SWARMOUT_FAILPOINT", GetParam() + ":kill"}});
  EXPECT_EQ(doomed.wait(), 128 + SIGKILL) << doomed.err();
  Process successor = fleet.seed(4, source, {"--slot", "s", "--wait"});
  EXPECT_EQ(successor.wait(), 0) << successor.err();

  EXPECT_EQ(fleet.entries("COMMIT"), 1);
  EXPECT_EQ(fleet.status()["releases"].size(), 1u);
  const auto expected = listing(fleet.scratch("source"));
  for (const int host : {1, 2}) {
    EXPECT_TRUE(wait_for([&] { return path_exists(fleet.current(host)) && listing(fleet.current(host)) == expected; }));
  }
}

INSTANTIATE_TEST_SUITE_P(EndToEnd, Takeover,
                         testing::Values("before-claim", "after-claim", "after-elected", "after-heartbeat",
                                         "after-export", "after-stage", "before-commit", "after-commit"),
                         [](const testing::TestParamInfo<std::string>& step) {
                           std::string name = step.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

class Succession : public testing::Test {
protected:
  /// A leader whose release is whole on two hosts, and that is killed before it could publish it.
  void SetUp() override {
    make_awkward_tree(fleet_.scratch("source"));
    write_file(fleet_.scratch("source") / "large", noise(3 * kMiB));
    peers_.push_back(fleet_.peer(1));
    peers_.push_back(fleet_.peer(2));
    ASSERT_TRUE(wait_for([&] { return fleet_.status()["peers"].size() == 2; }));
    Process doomed = fleet_.seed(3, source(), {"--slot", "s", "--revision", "r7", "--quorum", "1"},
                                 {{"SWARMOUT_FAILPOINT", "before-commit:kill"}});
    ASSERT_EQ(doomed.wait(), 128 + SIGKILL) << doomed.err();
    const auto share = open_share(fleet_.url());
    const auto stages = (*share)->list_cells(CellKind::stage);
    ASSERT_EQ(stages->size(), 1U);
    const auto claim = decode_entry((*share)->read(Position{1}).value().value(), fleet_.trusted());
    const auto cell = (*share)->read_cell(CellKind::stage, stages->front());
    staged_ = decode_staged((*cell)->bytes, {claim->position, claim->owner}, fleet_.trusted())->release.descriptor;
  }
  void takes_over(int host) {
    Process successor = fleet_.seed(host, source(), {"--slot", "s", "--revision", "r7", "--wait"});
    EXPECT_EQ(successor.wait(), 0) << successor.err();
    EXPECT_TRUE(wait_for([&] { return fleet_.all_equal(2, fleet_.scratch("source")); }));
  }
  /// The published one has the content of the staged one, and nobody fetched it twice.
  void expect_one_swarm() {
    const auto share = open_share(fleet_.url());
    const auto commit = decode_entry((*share)->read(Position{3}).value().value(), fleet_.trusted());
    const auto published = decode_descriptor(commit->descriptor);
    ASSERT_TRUE(published) << commit->descriptor;
    EXPECT_EQ(published->info_hash, staged_.info_hash);
    EXPECT_EQ(published->position, Position{3});
    EXPECT_TRUE(wait_for([&] {
      const auto peers = fleet_.status()["peers"];
      return std::all_of(peers.begin(), peers.end(), [](const auto& peer) { return peer["release"] == 3; });
    }));
    for (const auto& peer : fleet_.status()["peers"]) {
      EXPECT_LT(peer["downloaded_bytes"].get<Bytes>(), staged_.packed_size * 3 / 2);
    }
  }
  std::string source() const { return fleet_.counted_source(fleet_.scratch("source")); }

  Fleet fleet_;
  std::vector<Process> peers_;
  Descriptor staged_;
};

TEST_F(Succession, AHostThatHasWhatWasStagedGoesOnWithItAndExportsNothing) {
  takes_over(1);

  EXPECT_EQ(fleet_.invocations(), 1);
  expect_one_swarm();
}

TEST_F(Succession, AHostThatHasItNotExportsAgainIntoTheSameSwarm) {
  takes_over(4);

  EXPECT_EQ(fleet_.invocations(), 2);
  expect_one_swarm();
}

TEST(EndToEnd, ALeaderThatWakesUpAfterItsSuccessorPublishedPublishesNothing) {
  Fleet fleet;
  make_awkward_tree(fleet.scratch("source"));
  const std::string source = fleet.counted_source(fleet.scratch("source"));
  Process paused = fleet.seed(1, source, {"--slot", "s"}, {{"SWARMOUT_FAILPOINT", "before-commit:stop"}});
  ASSERT_TRUE(wait_for([&] { return !list_directory(fleet.share() / "stage")->empty(); }));
  Process successor = fleet.seed(2, source, {"--slot", "s", "--wait", "--linger", "0s"});
  EXPECT_EQ(successor.wait(), 0) << successor.err();
  paused.signal(SIGCONT);
  EXPECT_EQ(paused.wait(), 75) << "fenced";
  EXPECT_NE(paused.err().find("FENCED"), std::string::npos) << paused.err();
  EXPECT_EQ(fleet.entries("COMMIT"), 1);
}

TEST(EndToEnd, AJobThatKillsItsHostsDoesNotGoThroughTheFleet) {
  Fleet fleet;
  make_awkward_tree(fleet.scratch("source"));
  const std::string source = fleet.counted_source(fleet.scratch("source"));
  for (int host = 1; host <= 2; ++host) {
    Process doomed = fleet.seed(host, source, {"--slot", "s", "--wait", "--max-attempts", "2"},
                                {{"SWARMOUT_FAILPOINT", "after-export:kill"}});
    EXPECT_EQ(doomed.wait(), 128 + SIGKILL);
  }
  Process third = fleet.seed(3, source, {"--slot", "s", "--wait", "--max-attempts", "2"});
  EXPECT_EQ(third.wait(), 1);
  EXPECT_NE(third.err().find("given up"), std::string::npos) << third.err();
  EXPECT_EQ(fleet.invocations(), 2);
}

}  // namespace swarmout::test
