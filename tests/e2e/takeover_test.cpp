// A leader that dies at any step: another host takes over, and exactly one release comes of it.

#include "tests/e2e/fleet.hpp"
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
