// What the share is asked for by those who have nothing to do: counted by strace, from outside.

#include "tests/e2e/fleet.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>

#include <sstream>

namespace swarmout::test {

namespace {

struct Cost {
  int calls = 0;   ///< every system call on a path or a descriptor of the share
  int opened = 0;  ///< files and directories, found or not: on NFS a round trip each, and another to read it
};

/// Of a trace with -y, which shows the path of each descriptor.
Cost cost_on(const Path& share, const Path& trace) {
  Cost cost;
  std::istringstream lines(read_file(trace, 64 * kMiB).value_or(""));
  for (std::string line; std::getline(lines, line);) {
    if (line.find(share.native()) == std::string::npos || line.find("execve(") != std::string::npos ||
        line.find("resumed>") != std::string::npos) {
      continue;
    }
    ++cost.calls;
    // O_PATH opens nothing: it looks up what a longer path would have named on the way.
    cost.opened += line.find("open") != std::string::npos && line.find("O_PATH") == std::string::npos ? 1 : 0;
  }
  return cost;
}

std::vector<std::string> traced(const Path& trace) {
  return {"strace", "-f", "-y", "-qq", "-e", "trace=%file,%desc", "-o", trace};
}

class ShareCost : public testing::Test {
protected:
  void SetUp() override {
    make_awkward_tree(fleet_.scratch("source"));
    source_ = fleet_.counted_source(fleet_.scratch("source"));
  }
  Cost of_a_seed(const std::vector<std::string>& options) {
    const Path trace = fleet_.scratch("trace");
    Process seed = fleet_.seed_under(traced(trace), 2, source_, options);
    EXPECT_EQ(seed.wait(), 0) << seed.err();
    return cost_on(fleet_.share(), trace);
  }

  Fleet fleet_;
  std::string source_;
};

}  // namespace

TEST_F(ShareCost, AHostWhoseSlotIsPublishedOpensFewerThan15Files) {
  for (int slot = 1; slot <= 20; ++slot) {
    Process leader = fleet_.seed(1, source_, {"--slot", std::to_string(slot), "--linger", "0s"});
    ASSERT_EQ(leader.wait(), 0) << leader.err();
  }
  const Cost cost = of_a_seed({"--slot", "20"});
  fmt::print("a loser that comes late: {} files opened, {} system calls on the share\n", cost.opened, cost.calls);
  EXPECT_GT(cost.opened, 0);
  EXPECT_LT(cost.opened, 15) << "however long the log is";
}

TEST_F(ShareCost, AHostThatFindsALeaderAtWorkOpensFewerThan15Files) {
  Process leader = fleet_.seed(1, "tar:sleep 600", {"--slot", "s", "--heartbeat", "300ms"});
  ASSERT_TRUE(wait_for([&] { return fleet_.entries("CLAIM") == 1; }));
  const Cost cost = of_a_seed({"--slot", "s", "--heartbeat", "1s", "--deputies", "0"});
  fmt::print("a loser that looks at the leader: {} files opened, {} system calls on the share\n", cost.opened,
             cost.calls);
  EXPECT_GT(cost.opened, 0);
  EXPECT_LT(cost.opened, 15);
  leader.signal(SIGTERM);  // killed, it would leave its source behind
  EXPECT_EQ(leader.wait(), 75);
}

TEST_F(ShareCost, AnIdlePeerAsksForLittle) {
  Process leader = fleet_.seed(1, source_, {"--slot", "s", "--linger", "0s"});
  ASSERT_EQ(leader.wait(), 0) << leader.err();
  const Path trace = fleet_.scratch("trace");
  Process peer = fleet_.peer(1, {}, {});
  ASSERT_TRUE(wait_for([&] { return path_exists(fleet_.current(1)); }));
  peer.signal(SIGTERM);
  peer.wait();
  Process idle = fleet_.peer_under(traced(trace), 1, {"--poll", "2s"});
  ASSERT_TRUE(wait_for([&] { return cost_on(fleet_.share(), trace).calls > 20; }));
  const Cost before = cost_on(fleet_.share(), trace);
  constexpr int kSeconds = 20;
  std::this_thread::sleep_for(std::chrono::seconds(kSeconds));
  const Cost after = cost_on(fleet_.share(), trace);
  const int opened = (after.opened - before.opened) * 60 / kSeconds;
  const int calls = (after.calls - before.calls) * 60 / kSeconds;
  fmt::print("1,000 idle peers in a minute: {},000 files opened, {},000 system calls on the share\n", opened, calls);
  EXPECT_GT(opened, 0) << "it looks";
  EXPECT_LT(opened, 300) << "ten at each look would be 300";
}

}  // namespace swarmout::test
