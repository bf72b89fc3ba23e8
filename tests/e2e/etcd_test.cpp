// The main job with an etcd as the share.

#include "tests/e2e/fleet.hpp"
#include "tests/support/etcd_cluster.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;
using ::testing::Not;

}  // namespace

TEST(EndToEndOnEtcd, SeedsRaceForOnePublicationAndTakeOverFromTheDeadWhileAMemberIsDown) {
  EtcdCluster etcd(3);
  Fleet fleet(etcd.fresh_url());
  const Path tree = fleet.scratch("source");
  make_awkward_tree(tree);
  const std::string source = fleet.counted_source(tree);
  std::vector<Process> peers;
  for (int host = 1; host <= 3; ++host) {
    peers.push_back(fleet.peer(host));
  }
  ASSERT_TRUE(wait_for([&] { return fleet.status()["peers"].size() == 3; }));

  std::vector<Process> seeds;
  for (int host = 1; host <= 8; ++host) {
    seeds.push_back(fleet.seed(host, source, {"--slot", "first"}));
  }
  for (Process& seed : seeds) {
    EXPECT_EQ(seed.wait(), 0) << seed.err();
    EXPECT_EQ(seed.out() + seed.err(), "") << "cron would mail that";
  }
  EXPECT_EQ(fleet.invocations(), 1);
  EXPECT_EQ(fleet.entries("CLAIM"), 1);
  EXPECT_EQ(fleet.entries("COMMIT"), 1);
  EXPECT_TRUE(wait_for([&] { return fleet.all_equal(3, tree); }));

  etcd.kill(etcd.leader());
  write_file(tree / "README", "second\n");
  Process doomed = fleet.seed(1, source, {"--slot", "second"}, {{"SWARMOUT_FAILPOINT", "after-stage:kill"}});
  EXPECT_EQ(doomed.wait(), 128 + SIGKILL) << doomed.err();
  Process successor = fleet.seed(2, source, {"--slot", "second", "--wait"});
  EXPECT_EQ(successor.wait(), 0) << successor.err();
  EXPECT_EQ(fleet.entries("COMMIT"), 2);
  EXPECT_EQ(fleet.status()["releases"].size(), 2u);
  EXPECT_TRUE(wait_for([&] { return fleet.all_equal(3, tree); }));
}

TEST(EndToEndOnEtcd, SaysWhatIsWrong) {
  EtcdCluster etcd;
  Fleet fleet(etcd.fresh_url());
  EXPECT_EQ(fleet.command({"status", "--share", etcd.fresh_url()}).status, 69);
  const Finished with_password = fleet.command({"status", "--share", "etcd://root:secret@" + etcd.endpoint(0) + "/x"});
  EXPECT_EQ(with_password.status, 64);
  EXPECT_THAT(with_password.err, HasSubstr("--etcd-password-file"));
  EXPECT_THAT(with_password.err, Not(HasSubstr("secret")));
  const Finished half = fleet.command({"status", "--share", fleet.url()}, {{"SWARMOUT_ETCD_USER", "swarmout"}});
  EXPECT_EQ(half.status, 64) << "a user without a password";
  EXPECT_EQ(fleet.command({"status", "--share", fleet.url()}).status, 0);
  etcd.kill(0);
  const Finished away = fleet.command({"status", "--share", fleet.url()});
  EXPECT_EQ(away.status, 75);
  EXPECT_THAT(away.err, HasSubstr(etcd.endpoint(0)));
}

}  // namespace swarmout::test
