// Real hosts that are frozen at any step, look alike, lose the share, or hang; what they may do is in docs/election.md.

#include "common/fleet/leader_record.hpp"
#include "common/share/open_share.hpp"
#include "tests/e2e/fleet.hpp"
#include "tests/nemesis/stopped.hpp"
#include "tests/seeder/election/log_text.hpp"
#include "tests/support/etcd_cluster.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

namespace swarmout::test {

namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class ShareTrouble : public testing::Test {
protected:
  void SetUp() override {
    make_awkward_tree(fleet_.scratch("source"));
    source_ = fleet_.counted_source(fleet_.scratch("source"));
  }
  Process seed(int host, const Fleet::Options& more = {}, const Fleet::Environment& environment = {}) {
    Fleet::Options options{"--slot", "s", "--linger", "0s"};
    options.insert(options.end(), more.begin(), more.end());
    return fleet_.seed(host, source_, options, environment);
  }
  /// The mount is gone: an empty directory, as below a mount point.
  void unmount() {
    std::filesystem::rename(fleet_.share(), fleet_.scratch("elsewhere"));
    std::filesystem::create_directory(fleet_.share());
  }
  void mount() {
    std::filesystem::remove(fleet_.share());
    std::filesystem::rename(fleet_.scratch("elsewhere"), fleet_.share());
  }

  /// What the leader of the first CLAIM has counted in its heartbeat; 0 before there is one.
  std::uint64_t beats() {
    const auto share = open_share(fleet_.url());
    if (!share || !(*share)->read(Position{1}).value_or(std::nullopt)) {
      return 0;
    }
    const ClaimId claim{Position{1}, entry_at(**share, Position{1}, fleet_.trusted()).owner};
    const auto cell = (*share)->read_cell(CellKind::heartbeat, claim_cell(claim));
    const auto beat = cell && *cell ? decode_heartbeat((*cell)->bytes, claim, fleet_.trusted())
                                    : fail(ErrorCode::not_found, "no heartbeat");
    return beat ? beat->counter : 0;
  }
  /// Waits for `more` beats of 100 ms.
  [[nodiscard]] bool leader_beats(std::uint64_t more) {
    const std::uint64_t before = beats();
    return wait_for([&] { return beats() >= before + more; });
  }
  /// Deputies that stay.
  std::ptrdiff_t seats() {
    const auto share = open_share(fleet_.url());
    const auto cells = share ? (*share)->list_cells(CellKind::heartbeat).value_or(std::vector<std::string>())
                             : std::vector<std::string>();
    return std::count_if(cells.begin(), cells.end(),
                         [](const std::string& name) { return name.find(".seat") != std::string::npos; });
  }

  Fleet fleet_;
  std::string source_;
};

class Frozen : public ShareTrouble, public testing::WithParamInterface<const char*> {};
class ShareAway : public ShareTrouble, public testing::WithParamInterface<const char*> {};

std::string name_of_step(const testing::TestParamInfo<const char*>& step) {
  std::string name = step.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

}  // namespace

TEST_P(Frozen, AtThisStepAndTakenOverItPublishesNothingMore) {
  Process paused = seed(1, {}, {{"SWARMOUT_FAILPOINT", std::string(GetParam()) + ":stop"}});
  ASSERT_TRUE(wait_for([&] { return is_stopped(paused); }));
  Process successor = seed(2, {"--wait"});
  EXPECT_EQ(successor.wait(), 0) << successor.err();
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);

  EXPECT_TRUE(wait_for([&] { return paused.signal(SIGCONT), !paused.running(); }));
  EXPECT_THAT(paused.wait(), AnyOf(0, 75)) << paused.err();
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
  EXPECT_EQ(fleet_.status()["releases"].size(), 1U);
  Process after = seed(3);
  EXPECT_EQ(after.wait(), 0) << "nothing is left in the way: " << after.err();
}

INSTANTIATE_TEST_SUITE_P(Each, Frozen,
                         testing::Values("before-claim", "after-claim", "after-elected", "after-heartbeat",
                                         "after-export", "after-stage", "after-commit"),
                         name_of_step);

TEST_F(ShareTrouble, ALeaderThatWasTakenOverDoesNotWaitForPeersThatHaveGoneOn) {
  const Process peer = fleet_.peer(9);
  ASSERT_TRUE(wait_for([&] { return fleet_.status()["peers"].size() == 1; }));
  Process paused = seed(1, {}, {{"SWARMOUT_FAILPOINT", "after-export:stop"}});
  ASSERT_TRUE(wait_for([&] { return is_stopped(paused); }));
  write_file(fleet_.scratch("source") / "README", "of the successor\n");
  EXPECT_EQ(seed(2, {"--wait"}).wait(), 0);

  paused.signal(SIGCONT);

  EXPECT_EQ(paused.wait(), 75);
  EXPECT_THAT(paused.err(), HasSubstr("FENCED"));
}

TEST_F(ShareTrouble, AnObserverThatWasFrozenDoesNotTakeThatForTheLeadersSilence) {
  const Path go = fleet_.scratch("go");
  Process leader = fleet_.seed(1,
                               "tar:until [ -e '" + go.native() + "' ]; do sleep 0.05; done; tar -C '" +
                                   fleet_.scratch("source").native() + "' -cf - .",
                               {"--slot", "s", "--linger", "0s"});
  ASSERT_TRUE(wait_for([&] { return beats() > 0; }));
  Process observer = seed(2, {"--heartbeat", "300ms"});
  ASSERT_TRUE(wait_for([&] { return seats() == 1; })) << "it has looked, and stays";
  for (int i = 0; i < 2; ++i) {
    observer.signal(SIGSTOP);
    ASSERT_TRUE(wait_for([&] { return is_stopped(observer); }));
    ASSERT_TRUE(leader_beats(25)) << "longer than six looks, with which it would judge";
    observer.signal(SIGCONT);
    ASSERT_TRUE(leader_beats(10)) << "three looks";
    EXPECT_TRUE(observer.running());
    EXPECT_EQ(fleet_.entries("CLAIM"), 1);
  }
  write_file(go, "");
  EXPECT_EQ(leader.wait(), 0) << leader.err();
  EXPECT_EQ(observer.wait(), 0) << observer.err();
  EXPECT_EQ(fleet_.entries("CLAIM"), 1);
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
}

TEST_F(ShareTrouble, AShareThatIsNotMountedElectsNobodyAndIsNotMade) {
  unmount();
  for (int host = 1; host <= 3; ++host) {
    Process contender = seed(host);
    EXPECT_EQ(contender.wait(), 69);
    EXPECT_THAT(contender.err(), HasSubstr(fleet_.share().native()));
  }
  EXPECT_TRUE(std::filesystem::is_empty(fleet_.share()));
  mount();
  Process contender = seed(1);
  EXPECT_EQ(contender.wait(), 0) << contender.err();
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
}

TEST_F(ShareTrouble, ALeaderWhoseShareGoesAwayHalfwayPublishesWhenItIsBack) {
  Process leader = seed(1, {}, {{"SWARMOUT_FAILPOINT", "before-commit:stop"}});
  ASSERT_TRUE(wait_for([&] { return is_stopped(leader); }));
  unmount();
  leader.signal(SIGCONT);
  Process other = seed(2);
  EXPECT_EQ(other.wait(), 69);
  EXPECT_TRUE(leader.running());
  mount();
  EXPECT_TRUE(wait_for([&] { return leader.signal(SIGCONT), !leader.running(); }));  // it stops at each try
  EXPECT_EQ(leader.wait(), 0) << leader.err();
  EXPECT_EQ(fleet_.entries("CLAIM"), 1);
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
}

TEST_P(ShareAway, FromThisStepOnItsLeaderTriesOnAndExportsOnce) {
  Process leader = seed(1, {}, {{"SWARMOUT_FAILPOINT", std::string(GetParam()) + ":stop"}});
  ASSERT_TRUE(wait_for([&] { return is_stopped(leader); }));
  unmount();
  leader.signal(SIGCONT);
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));  // it tries, and cannot
  EXPECT_TRUE(leader.running()) << leader.err();
  mount();
  EXPECT_EQ(leader.wait(), 0) << leader.err();
  EXPECT_EQ(fleet_.invocations(), 1);
  EXPECT_EQ(fleet_.entries("CLAIM"), 1);
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
}

INSTANTIATE_TEST_SUITE_P(Each, ShareAway,
                         testing::Values("after-elected", "after-heartbeat", "after-export", "after-stage"),
                         name_of_step);

TEST_F(ShareTrouble, ALeaderThatCannotKnowWhetherItPublishedWritesNothingElse) {
  Process leader = seed(1, {"--share-timeout", "500ms"}, {{"SWARMOUT_FAILPOINT", "before-commit:stop"}});
  ASSERT_TRUE(wait_for([&] { return is_stopped(leader); }));
  unmount();
  leader.signal(SIGTERM);
  leader.signal(SIGCONT);
  ASSERT_TRUE(wait_for([&] { return is_stopped(leader) || !leader.running(); })) << "it tries once more, at most";
  leader.signal(SIGCONT);
  ASSERT_TRUE(wait_for([&] { return is_stopped(leader) || !leader.running(); })) << leader.err();
  mount();
  EXPECT_TRUE(wait_for([&] { return leader.signal(SIGCONT), !leader.running(); }));
  EXPECT_EQ(leader.wait(), 75);
  EXPECT_THAT(leader.err(), HasSubstr("unknown"));
  EXPECT_EQ(fleet_.entries("ABANDON"), 0) << "its COMMIT may yet come through, and would not, then";
}

TEST_F(ShareTrouble, HostsWithOneNameAndOneProcessNumberAreToldApart) {
  std::vector<Process> clones;
  for (int host = 1; host <= 6; ++host) {
    clones.push_back(fleet_.seed_under({"unshare", "--uts", "--pid", "--fork", "--kill-child"}, host, source_,
                                       {"--slot", "s", "--linger", "0s"}));
  }
  for (Process& clone : clones) {
    EXPECT_EQ(clone.wait(), 0) << clone.err();
  }
  const auto share = open_share(fleet_.url());
  ASSERT_TRUE(share);
  EXPECT_EQ(entry_at(**share, Position{1}, fleet_.trusted()).pid, 1U) << "as each of them has";
  EXPECT_EQ(fleet_.entries("CLAIM"), 1);
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
}

TEST_F(ShareTrouble, ALeaderWhoseWorkHangsEndsAndIsFollowed) {
  const Path fifo = fleet_.scratch("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  Process wedged =
      fleet_.seed(1, "tar:cat '" + fifo.native() + "'", {"--slot", "s", "--linger", "0s", "--stall-timeout", "500ms"});
  ASSERT_TRUE(wait_for([&] { return fleet_.entries("CLAIM") == 1; }));
  Process successor = seed(2, {"--wait"});
  EXPECT_EQ(successor.wait(), 0) << successor.err();
  EXPECT_EQ(wedged.wait(std::chrono::seconds(30)), 75) << wedged.err();
  EXPECT_EQ(fleet_.entries("CLAIM"), 2);
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
}

TEST(NemesisOnEtcd, MembersThatFreezeDieAndComeBackHarmNoElection) {
  EtcdCluster etcd(3);
  Fleet fleet(etcd.fresh_url());
  make_awkward_tree(fleet.scratch("source"));
  const std::string source = fleet.counted_source(fleet.scratch("source"));
  for (std::size_t member = 0; member < 3; ++member) {
    write_file(fleet.scratch("source") / "README", std::to_string(member));
    const std::string slot = std::to_string(member);
    const int claims = fleet.entries("CLAIM");
    etcd.signal(member, SIGSTOP);
    Process doomed = fleet.seed(1, source, {"--slot", slot, "--linger", "0s", "--max-attempts", "100"},
                                {{"SWARMOUT_FAILPOINT", "after-stage:kill"}});
    std::vector<Process> seeds;
    for (int host = 2; host <= 4; ++host) {
      seeds.push_back(fleet.seed(host, source, {"--slot", slot, "--linger", "0s", "--max-attempts", "100", "--wait"}));
    }
    EXPECT_TRUE(wait_for([&] { return fleet.entries("CLAIM") > claims; })) << "one is elected while it is frozen";
    etcd.signal(member, SIGCONT);
    etcd.kill(member);
    EXPECT_THAT(doomed.wait(), AnyOf(0, 75, 128 + SIGKILL)) << doomed.err();
    for (Process& seed : seeds) {
      EXPECT_THAT(seed.wait(), AnyOf(0, 75)) << seed.err();
    }
    etcd.restart(member);
    EXPECT_TRUE(wait_for([&] { return etcd.healthy(); }));
    Process undisturbed = fleet.seed(5, source, {"--slot", slot, "--linger", "0s", "--max-attempts", "100", "--wait"});
    EXPECT_EQ(undisturbed.wait(), 0) << undisturbed.err();
    EXPECT_EQ(fleet.entries("COMMIT"), static_cast<int>(member) + 1);
  }
}

}  // namespace swarmout::test
