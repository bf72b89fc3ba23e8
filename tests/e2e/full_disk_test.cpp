// A host whose disk has no room: before a fetch, and in the middle of it.

#include "tests/e2e/fleet.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;

/// Host 1's trees are on a small disk, of `options`. Host 9's packs are served by host 2.
class SmallDisk : public testing::Test {
protected:
  void mount_disk(const std::string& options) {
    std::filesystem::create_directories(fleet_.dest(1));
    mounted_ = ::getuid() == 0 && ::mount("tmpfs", fleet_.dest(1).c_str(), "tmpfs", 0, options.c_str()) == 0;
  }
  void remount(const std::string& options) {
    ASSERT_EQ(::mount("tmpfs", fleet_.dest(1).c_str(), "tmpfs", MS_REMOUNT, options.c_str()), 0);
  }
  void TearDown() override {
    if (mounted_) {
      ::umount2(fleet_.dest(1).c_str(), MNT_DETACH);
    }
  }
  void publish() {
    Process leader = fleet_.seed(
        9, "dir:" + source().native(),
        {"--min-copies", "0", "--quorum", "0", "--stage-timeout", "1s", "--linger", "0", "--hold-off", "0"});
    ASSERT_EQ(leader.wait(), 0) << leader.err();
  }
  Process server() { return fleet_.peer(2, {"--state", fleet_.state(9)}); }
  Path source() const { return fleet_.scratch("source"); }
  bool same() const { return listing(fleet_.current(1)) == listing(source()); }

  Fleet fleet_;
  bool mounted_ = false;
};

constexpr const char* kNeedsRoot = "needs root, to mount a small file system";

}  // namespace

TEST_F(SmallDisk, TooFewInodesAreSeenBeforeAnythingIsFetched) {
  mount_disk("size=200m,nr_inodes=600");
  if (!mounted_) {
    GTEST_SKIP() << kNeedsRoot;
  }
  for (int i = 0; i < 700; ++i) {
    write_file(source() / std::to_string(i), std::to_string(i));
  }
  publish();
  Process serving = server();

  Process refused = fleet_.peer(1, {"--once"});
  EXPECT_EQ(refused.wait(), 73) << refused.err();
  EXPECT_THAT(refused.err(), HasSubstr("inodes"));

  remount("size=200m,nr_inodes=6000");
  Process once = fleet_.peer(1, {"--once"});
  EXPECT_EQ(once.wait(), 0) << once.err();
  EXPECT_TRUE(same());
}

TEST_F(SmallDisk, OneThatFillsUpInTheMiddleHarmsNothingAndTheNextRunGoesOn) {
  mount_disk("size=160m");
  if (!mounted_) {
    GTEST_SKIP() << kNeedsRoot;
  }
  write_file(source() / "file", "small");
  publish();
  Process serving = server();
  {
    Process once = fleet_.peer(1, {"--once"});
    ASSERT_EQ(once.wait(), 0) << once.err();
  }
  const auto before = listing(fleet_.current(1));
  for (unsigned i = 0; i < 40; ++i) {
    write_file(source() / ("large" + std::to_string(i)), noise(kMiB, i));
  }
  publish();

  Process caught = fleet_.peer(1, {"--once"}, {{"SWARMOUT_FAILPOINT", "after-manifest:stop"}});
  ASSERT_TRUE(wait_for([&] {  // it has looked at the space, and begun
    const auto names = list_directory(fleet_.dest(1));
    return names && std::any_of(names->begin(), names->end(),
                                [](const std::string& name) { return name.starts_with(".incoming-peer-"); });
  }));
  const Path filler = fleet_.dest(1) / "filler";
  std::ofstream(filler) << std::string(150 * kMiB, 'x');
  for (int i = 0; i < 400 && caught.running(); ++i) {  // until it has stopped, and gone on
    caught.signal(SIGCONT);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_EQ(caught.wait(), 73) << caught.err();
  EXPECT_EQ(listing(fleet_.current(1)), before) << "what is active stays";

  std::filesystem::remove(filler);
  Process again = fleet_.peer(1, {"--once"});
  EXPECT_EQ(again.wait(), 0) << again.err();
  EXPECT_TRUE(same());
}

TEST_F(SmallDisk, AServiceThatShallLeaveRoomGivesUpItsOldestReleases) {
  mount_disk("size=200m");
  if (!mounted_) {
    GTEST_SKIP() << kNeedsRoot;
  }
  write_file(source() / "large", noise(40 * kMiB, 1));
  publish();
  Process serving = server();
  for (unsigned i = 2; i < 4; ++i) {
    Process once = fleet_.peer(1, {"--once", "--min-free", "10%"});
    ASSERT_EQ(once.wait(), 0) << once.err();
    write_file(source() / "large", noise(40 * kMiB, i));
    publish();
  }
  EXPECT_EQ(list_directory(fleet_.dest(1) / "releases")->size(), 2U) << "there is room for both";

  Process once = fleet_.peer(1, {"--once", "--min-free", "50%"});
  ASSERT_EQ(once.wait(), 0) << once.err();

  EXPECT_TRUE(same());
  EXPECT_EQ(list_directory(fleet_.dest(1) / "releases")->size(), 2U) << "the oldest of three went";
}

}  // namespace swarmout::test
