// Hosts that get little of a processor. That is a normal state of a busy machine, and nobody's fault.

#include "tests/e2e/fleet.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>

#include <list>

namespace swarmout::test {

namespace {

constexpr int kStarvedSeeds = 18;
constexpr int kBusyOthers = 24;

/// All of it on one processor, with others that want all of it. They end by themselves, too.
std::list<Process> busy_others(const Fleet& fleet) {
  std::list<Process> others;
  for (int each = 0; each < kBusyOthers; ++each) {
    others.emplace_back(Launch{{"timeout", "100", "taskset", "-c", "0", "sh", "-c", "while :; do :; done"}, {}},
                        fleet.scratch("busy" + std::to_string(each)));
  }
  return others;
}

}  // namespace

TEST(StarvedFleet, EighteenSeedsOnOneBusyProcessorExportOnceAndTheLosersAreSilent) {
  Fleet fleet;
  const Path tree = fleet.scratch("source");
  make_awkward_tree(tree);
  const std::string source = fleet.counted_source(tree);
  const std::list<Process> others = busy_others(fleet);

  std::list<Process> hosts;
  for (int host = 1; host <= kStarvedSeeds; ++host) {
    hosts.push_back(fleet.seed_under({"taskset", "-c", "0"}, host, source,
                                     {"--slot", "s", "--linger", "0s", "--heartbeat", "2s", "--share-timeout", "1s"}));
  }

  for (Process& host : hosts) {
    EXPECT_EQ(host.wait(), 0) << host.err();
    EXPECT_EQ(host.out() + host.err(), "");
  }
  EXPECT_EQ(fleet.invocations(), 1);
  EXPECT_EQ(fleet.entries("CLAIM"), 1);
  EXPECT_EQ(fleet.entries("COMMIT"), 1);
}

}  // namespace swarmout::test
