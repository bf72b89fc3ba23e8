// A share that is taken away by umount(2) while hosts use it.

#include "tests/e2e/fleet.hpp"
#include "tests/nemesis/stopped.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <thread>

namespace swarmout::test {

namespace {

/// A tmpfs, mounted at a second place too, so that it lives on while it is away from the first.
class MountedShare : public testing::Test {
protected:
  void SetUp() override {
    if (::geteuid() != 0) {
      GTEST_SKIP() << "only root can mount";
    }
    std::filesystem::create_directory(point());
    std::filesystem::create_directory(kept());
    ASSERT_EQ(::mount("none", kept().c_str(), "tmpfs", 0, "size=64m"), 0);
    mount();
    fleet_.emplace(share());
    make_awkward_tree(tree());
  }
  void TearDown() override {
    fleet_.reset();
    ::umount2(point().c_str(), MNT_DETACH);
    ::umount2(kept().c_str(), MNT_DETACH);
  }
  void mount() { ASSERT_EQ(::mount(kept().c_str(), point().c_str(), nullptr, MS_BIND, nullptr), 0); }
  void unmount() { ASSERT_EQ(::umount2(point().c_str(), MNT_DETACH), 0); }
  [[nodiscard]] Path point() const { return dir_ / "mounted"; }
  [[nodiscard]] Path kept() const { return dir_ / "kept"; }
  [[nodiscard]] std::string share() const { return point() / "share"; }
  [[nodiscard]] Path tree() const { return fleet_->scratch("source"); }
  /// Says that it has begun, and goes on when it may.
  [[nodiscard]] std::string waiting_source(const Path& begun, const Path& go) const {
    return "tar:touch '" + begun.native() + "'; while [ ! -e '" + go.native() + "' ]; do sleep 0.05; done; tar -C '" +
           tree().native() + "' -cf - .";
  }

  TempDir dir_;
  std::optional<Fleet> fleet_;
};

}  // namespace

TEST_F(MountedShare, UnmountedBeforeTheCommitItIsPublishedOnWhenItIsBack) {
  const std::string source = fleet_->counted_source(tree());
  Process leader =
      fleet_->seed(1, source, {"--slot", "s", "--linger", "0s"}, {{"SWARMOUT_FAILPOINT", "before-commit:stop"}});
  ASSERT_TRUE(wait_for([&] { return is_stopped(leader); }));
  unmount();
  leader.signal(SIGCONT);
  EXPECT_EQ(fleet_->seed(2, source, {"--slot", "s"}).wait(), 69);
  EXPECT_TRUE(std::filesystem::is_empty(point())) << "nobody makes a share below a mount point";
  mount();
  EXPECT_TRUE(wait_for([&] { return leader.signal(SIGCONT), !leader.running(); }));  // it stops at each try
  EXPECT_EQ(leader.wait(), 0) << leader.err();
  EXPECT_EQ(fleet_->entries("CLAIM"), 1);
  EXPECT_EQ(fleet_->entries("COMMIT"), 1);
}

TEST_F(MountedShare, UnmountedForSomeBeatsItIsPublishedWithoutAWord) {
  const Path begun = fleet_->scratch("begun");
  const Path go = fleet_->scratch("go");
  Process leader = fleet_->seed(1, waiting_source(begun, go), {"--slot", "s", "--linger", "0s"});
  ASSERT_TRUE(wait_for([&] { return path_exists(begun); }));
  unmount();
  std::this_thread::sleep_for(std::chrono::seconds(1));  // nothing tells that a beat has failed: that is the point
  mount();
  write_file(go, "");

  EXPECT_EQ(leader.wait(), 0) << leader.err();
  EXPECT_EQ(leader.out() + leader.err(), "") << "cron would mail that";
  EXPECT_EQ(fleet_->entries("COMMIT"), 1);
}

TEST_F(MountedShare, UnmountedDuringTheExportNobodyIsJudgedByIt) {
  const Path begun = fleet_->scratch("begun");
  const Path go = fleet_->scratch("go");
  const std::string slow = waiting_source(begun, go);
  Process leader = fleet_->seed(1, slow, {"--slot", "s", "--linger", "0s", "-v"});
  ASSERT_TRUE(wait_for([&] { return path_exists(begun); }));
  unmount();
  ASSERT_TRUE(wait_for([&] { return leader.err().find("heartbeat: ") != std::string::npos; })) << leader.err();
  EXPECT_EQ(fleet_->seed(2, slow, {"--slot", "s", "--wait"}).wait(), 69);
  mount();
  Process observer = fleet_->seed(2, slow, {"--slot", "s", "--wait", "--linger", "0s", "--heartbeat", "300ms"});
  write_file(go, "");
  EXPECT_EQ(leader.wait(), 0) << leader.err();
  EXPECT_EQ(observer.wait(), 0) << observer.err();
  EXPECT_EQ(fleet_->entries("CLAIM"), 1);
  EXPECT_EQ(fleet_->entries("COMMIT"), 1);
}

TEST_F(MountedShare, IsNotKeptBusyByAPeerThatFollowsIt) {
  Process peer = fleet_->peer(1);
  ASSERT_TRUE(wait_for([&] { return fleet_->status()["peers"].size() == 1; }));

  EXPECT_TRUE(wait_for([&] { return ::umount2(point().c_str(), 0) == 0; })) << "it has it open only while it looks";
  ASSERT_TRUE(wait_for([&] { return peer.err().find("no FORMAT") != std::string::npos; })) << peer.err();
  mount();

  EXPECT_EQ(fleet_->seed(2, fleet_->counted_source(tree()), {"--slot", "s"}).wait(), 0);
  EXPECT_TRUE(wait_for([&] { return fleet_->all_equal(1, tree()); })) << peer.err();
}

}  // namespace swarmout::test
