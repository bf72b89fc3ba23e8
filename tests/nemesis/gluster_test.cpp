// The share on a real network file system, with its caches and its lost connections.

#include "tests/nemesis/gluster.hpp"

#include "common/share/open_share.hpp"
#include "tests/contract/share_contract.hpp"
#include "tests/e2e/fleet.hpp"
#include "tests/nemesis/stopped.hpp"
#include "tests/support/name_of.hpp"
#include "tests/support/tree.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>

#include <array>
#include <barrier>
#include <thread>

namespace swarmout::test {

namespace {

/// One for the contract's tests: they do it no harm.
Gluster& common_gluster() {
  static Gluster gluster;
  return gluster;
}

class GlusterWorld final : public ShareWorld {
public:
  GlusterWorld() {
    static int worlds = 0;
    if (Gluster::missing().empty()) {
      root_ = common_gluster().mount() / fmt::format("share{}", ++worlds);
      EXPECT_THAT(init_share(root_.native()), IsOk());
    }
  }
  std::unique_ptr<Share> open() override {
    if (root_.empty()) {
      return nullptr;
    }
    auto opened = open_share(root_.native());
    EXPECT_THAT(opened, IsOk());
    return opened ? *std::move(opened) : nullptr;
  }

private:
  Path root_;
};

class GlusterElection : public testing::Test {
protected:
  void SetUp() override {
    if (const std::string missing = Gluster::missing(); !missing.empty()) {
      GTEST_SKIP() << missing;
    }
    gluster_.emplace(2);
    fleet_.emplace(gluster_->mount() / "share");
    make_awkward_tree(tree());
    source_ = fleet_->counted_source(tree());
  }
  /// A host on the one mount or the other.
  Process seed_on(int mount, int host, const Fleet::Options& more, const Fleet::Environment& environment = {}) {
    Fleet::Options options{"--linger", "0s", "--share", gluster_->mount(mount) / "share"};
    options.insert(options.end(), more.begin(), more.end());
    return fleet_->seed(host, source_, options, environment);
  }
  [[nodiscard]] Path tree() const { return fleet_->scratch("source"); }

  std::optional<Gluster> gluster_;
  std::optional<Fleet> fleet_;
  std::string source_;
};

}  // namespace

// All on one mount, so in one process: tests/CMakeLists.txt.
INSTANTIATE_TEST_SUITE_P(Gluster, ShareContract,
                         testing::Values(ShareKind{"Gluster", [] { return std::make_unique<GlusterWorld>(); },
                                                   Gluster::missing}),
                         kNameOf);

TEST_F(GlusterElection, SeedsRaceForOnePublicationAndTakeOverFromTheDead) {
  std::vector<Process> seeds;
  for (int host = 1; host <= 8; ++host) {
    seeds.push_back(fleet_->seed(host, source_, {"--slot", "first", "--linger", "0s"}));
  }
  for (Process& seed : seeds) {
    EXPECT_EQ(seed.wait(), 0) << seed.err();
    EXPECT_EQ(seed.out() + seed.err(), "") << "cron would mail that";
  }
  EXPECT_EQ(fleet_->entries("COMMIT"), 1);

  write_file(tree() / "README", "second\n");
  Process doomed = fleet_->seed(1, source_, {"--slot", "second"}, {{"SWARMOUT_FAILPOINT", "after-stage:kill"}});
  EXPECT_EQ(doomed.wait(), 128 + SIGKILL) << doomed.err();
  Process successor = fleet_->seed(2, source_, {"--slot", "second", "--wait", "--linger", "0s"});
  EXPECT_EQ(successor.wait(), 0) << successor.err();
  EXPECT_EQ(fleet_->entries("COMMIT"), 2);
}

TEST_F(GlusterElection, ALeaderWhoseShareDiesHalfwayPublishesWhenItIsBack) {
  Process leader =
      fleet_->seed(1, source_, {"--slot", "s", "--linger", "0s"}, {{"SWARMOUT_FAILPOINT", "before-commit:stop"}});
  ASSERT_TRUE(wait_for([&] { return is_stopped(leader); }));
  gluster_->kill_brick();
  leader.signal(SIGCONT);
  std::this_thread::sleep_for(std::chrono::seconds(1));  // it tries, and cannot
  EXPECT_TRUE(leader.running());
  gluster_->start_brick();
  EXPECT_TRUE(wait_for([&] { return leader.signal(SIGCONT), !leader.running(); }));  // it stops at each try
  EXPECT_EQ(leader.wait(), 0) << leader.err();
  EXPECT_EQ(fleet_->entries("COMMIT"), 1);
}

TEST_F(GlusterElection, HostsOnTwoMountsAreOneFleet) {
  std::vector<Process> seeds;
  for (int host = 1; host <= 8; ++host) {
    seeds.push_back(seed_on(1 + host % 2, host, {"--slot", "first", "--heartbeat", "1s"}));  // caches: a second
  }
  for (Process& seed : seeds) {
    EXPECT_EQ(seed.wait(), 0) << seed.err();
  }
  EXPECT_EQ(fleet_->entries("CLAIM"), 1);
  EXPECT_EQ(fleet_->entries("COMMIT"), 1);

  // A living leader on one is seen on the other, whose caches are up to a second old; a dead one is taken over.
  write_file(tree() / "README", "second\n");
  Process doomed =
      seed_on(1, 1, {"--slot", "second", "--heartbeat", "500ms"}, {{"SWARMOUT_FAILPOINT", "before-commit:stop"}});
  ASSERT_TRUE(wait_for([&] { return is_stopped(doomed); }));
  Process successor = seed_on(2, 2, {"--slot", "second", "--heartbeat", "500ms", "--wait"});
  EXPECT_EQ(successor.wait(), 0) << successor.err();
  EXPECT_TRUE(wait_for([&] { return doomed.signal(SIGCONT), !doomed.running(); }));
  EXPECT_EQ(doomed.wait(), 75) << doomed.err();
  EXPECT_EQ(fleet_->entries("COMMIT"), 2);
}

TEST_F(GlusterElection, OfTwoMountsThatCreateOneEntryOneWinsAndBothKnowIt) {
  constexpr std::uint64_t kRounds = 100;
  std::barrier line(2);
  std::array<std::vector<PutResult>, 2> results;
  {
    std::vector<std::jthread> hosts;
    for (int host = 0; host < 2; ++host) {
      hosts.emplace_back([&, host] {
        const auto share = open_share((gluster_->mount(host + 1) / "share").native());
        for (std::uint64_t position = 1; position <= kRounds; ++position) {
          line.arrive_and_wait();
          results[static_cast<std::size_t>(host)].push_back(
              share ? (*share)->put(Position{position}, fmt::format("entry {} of {}", position, host)) : PutResult{});
        }
      });
    }
  }
  int of_the_first = 0;
  for (std::size_t round = 0; round < kRounds; ++round) {
    const PutResult& first = results[0][round];
    const PutResult& second = results[1][round];
    EXPECT_NE(first.outcome, PutOutcome::unknown) << to_string(first.error);
    EXPECT_NE(second.outcome, PutOutcome::unknown) << to_string(second.error);
    EXPECT_NE(first.outcome, second.outcome) << "round " << round;
    const bool won = first.outcome == PutOutcome::won;
    of_the_first += won ? 1 : 0;
    EXPECT_EQ(won ? second.winner : first.winner, fmt::format("entry {} of {}", round + 1, won ? 0 : 1));
  }
  EXPECT_THAT(of_the_first, testing::AllOf(testing::Gt(0), testing::Lt(static_cast<int>(kRounds))))
      << "there was no race";
}

}  // namespace swarmout::test
