// A share whose server is away: whoever touches it hangs. A FIFO stands for a file on it: helpers stop there.

#include "tests/e2e/fleet.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <sstream>

namespace swarmout::test {

namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

const Fleet::Options kImpatient{"--share-timeout", "500ms"};
const Fleet::Options kPatient{"--share-timeout", "10m"};

class HangingFleet : public testing::Test {
protected:
  void SetUp() override {
    ::setenv("SWARMOUT_FAILPOINT", "fifo-on-share:stop", 1);
    write_file(fleet_.scratch("source") / "file", "content");
  }
  void TearDown() override { ::unsetenv("SWARMOUT_FAILPOINT"); }
  std::string source() const { return "dir:" + fleet_.scratch("source").native(); }
  static void hang(const Path& path) {
    std::filesystem::remove(path);
    std::filesystem::create_directories(path.parent_path());
    ASSERT_EQ(::mkfifo(path.c_str(), 0644), 0);
  }
  Path entry(int number) const { return fleet_.share() / "log" / ("0000000" + std::to_string(number)); }
  /// A source during whose export the next entry begins to hang.
  std::string hanging_source() const {
    return "tar:mkfifo '" + entry(2).native() + "'; tar -C '" + fleet_.scratch("source").native() + "' -cf - .";
  }
  static Fleet::Options with(Fleet::Options options, const Fleet::Options& more) {
    options.insert(options.end(), more.begin(), more.end());
    return options;
  }

  Fleet fleet_;
};

/// One directory at the place of another, as long as this lives.
class Mounted {
public:
  Mounted(const Path& what, Path where) : where_(std::move(where)) {
    EXPECT_EQ(::mount(what.c_str(), where_.c_str(), nullptr, MS_BIND, nullptr), 0);
  }
  ~Mounted() { ::umount2(where_.c_str(), MNT_DETACH); }
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;

private:
  Path where_;
};

/// Of those that touch the share for this process, the ones that wait there.
std::set<int> hanging_helpers(const Process& process) {
  std::set<int> hanging;
  std::error_code error;
  for (const auto& task :
       std::filesystem::directory_iterator(Path("/proc") / std::to_string(process.pid()) / "task", error)) {
    std::istringstream children(read_file(task.path() / "children", kMiB).value_or(""));
    for (int child = 0; children >> child;) {
      const auto stat = read_file(Path("/proc") / std::to_string(child) / "stat", kMiB).value_or("");
      if (stat.find(") T ") != std::string::npos) {
        hanging.insert(child);
      }
    }
  }
  return hanging;
}

bool hangs(const Process& process) {
  return wait_for([&] { return !hanging_helpers(process).empty(); });
}

}  // namespace

TEST_F(HangingFleet, EveryVerbSays75AndNamesTheShare) {
  hang(fleet_.share() / "FORMAT");

  Process seed = fleet_.seed(1, source(), kImpatient);
  EXPECT_EQ(seed.wait(seconds(30)), 75);
  EXPECT_THAT(seed.err(), HasSubstr(fleet_.share().native() + " does not answer"));
  EXPECT_EQ(fleet_.peer(1, kImpatient).wait(seconds(30)), 75);
  EXPECT_EQ(fleet_.fetch(1, "latest", kImpatient).status, 75);
  EXPECT_EQ(fleet_.command(with({"status", "--share", fleet_.url()}, kImpatient)).status, 75);
  EXPECT_EQ(fleet_.command(with({"abandon", "1", "--share", fleet_.url()}, kImpatient)).status, 75);
  EXPECT_EQ(fleet_.command(with({"init", "--share", fleet_.url(), "--keys", fleet_.keys()}, kImpatient)).status, 75);
}

TEST_F(HangingFleet, SigtermEndsARunThatWaitsForTheShareAtOnce) {
  hang(fleet_.share() / "FORMAT");
  Process seed = fleet_.seed(1, source(), kPatient);
  Process peer = fleet_.peer(1, kPatient);
  ASSERT_TRUE(hangs(seed));
  ASSERT_TRUE(hangs(peer));

  seed.signal(SIGTERM);
  peer.signal(SIGTERM);

  EXPECT_EQ(seed.wait(seconds(30)), 75);
  EXPECT_EQ(peer.wait(seconds(30)), 75);
}

TEST_F(HangingFleet, ALeaderWithoutAnAnswerToItsCommitTriesOnAndPublishesOnce) {
  Process leader = fleet_.seed(1, hanging_source(), with({"--slot", "s", "--linger", "0s", "-v"}, kImpatient));
  std::set<int> tries;
  ASSERT_TRUE(wait_for([&] { return tries.merge(hanging_helpers(leader)), tries.size() >= 2; })) << leader.err();

  std::filesystem::remove(entry(2));

  EXPECT_EQ(leader.wait(), 0) << leader.err();
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
}

TEST_F(HangingFleet, ALeaderThatIsStoppedWithoutAnAnswerToItsCommitSaysThatItIsUnknown) {
  Process leader = fleet_.seed(1, hanging_source(), with({"--slot", "s", "-v"}, kPatient));
  // The heartbeat, which looks whether it was passed, and the COMMIT.
  ASSERT_TRUE(wait_for([&] { return hanging_helpers(leader).size() == 2; })) << leader.err();

  leader.signal(SIGTERM);

  EXPECT_EQ(leader.wait(seconds(30)), 75);
  EXPECT_THAT(leader.err(), HasSubstr("unknown"));
}

TEST_F(HangingFleet, APeerThatWaitsForItsShareGoesOnSeedingAndEndsAtOnce) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can mount";
  }
  const Path its_share = fleet_.scratch("its-share");
  std::filesystem::create_directory(its_share);
  const Mounted mounted(fleet_.share(), its_share);
  Process holder = fleet_.peer(1, with({"--share", its_share}, kPatient));
  ASSERT_TRUE(wait_for([&] { return fleet_.status()["peers"].size() == 1; }));
  ASSERT_EQ(fleet_.seed(9, source(), {"--slot", "s", "--linger", "20s"}).wait(), 0);
  ASSERT_TRUE(wait_for([&] { return path_exists(fleet_.current(1)); }));

  for (const char* const name : {"FORMAT", "log/00000003"}) {
    hang(fleet_.scratch("hung") / name);
  }
  const Mounted over(fleet_.scratch("hung"), its_share);
  ASSERT_TRUE(hangs(holder)) << holder.err();
  Process other = fleet_.peer(2, {"--once"});

  EXPECT_EQ(other.wait(), 0) << other.err();
  EXPECT_TRUE(fleet_.all_equal(2, fleet_.scratch("source")));
  holder.signal(SIGTERM);
  EXPECT_EQ(holder.wait(seconds(30)), 0) << holder.err();
}

}  // namespace swarmout::test
