// A share whose server is away: whoever touches it hangs. A FIFO that nobody writes stands for a file on it.

#include "tests/e2e/fleet.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <thread>

namespace swarmout::test {

namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

const Fleet::Options kImpatient{"--share-timeout", "500ms"};
const Fleet::Options kPatient{"--share-timeout", "10m"};

class HangingFleet : public testing::Test {
protected:
  void SetUp() override { write_file(fleet_.scratch("source") / "file", "content"); }
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
}

TEST_F(HangingFleet, SigtermEndsARunThatWaitsForTheShareAtOnce) {
  hang(fleet_.share() / "FORMAT");
  Process seed = fleet_.seed(1, source(), kPatient);
  Process peer = fleet_.peer(1, kPatient);
  std::this_thread::sleep_for(seconds(1));  // so that they hang
  EXPECT_TRUE(seed.running());
  EXPECT_TRUE(peer.running());

  seed.signal(SIGTERM);
  peer.signal(SIGTERM);

  EXPECT_EQ(seed.wait(seconds(30)), 75);
  EXPECT_EQ(peer.wait(seconds(30)), 75);
}

TEST_F(HangingFleet, ALeaderWithoutAnAnswerToItsCommitTriesOnAndPublishesOnce) {
  Process leader = fleet_.seed(1, hanging_source(), with({"--slot", "s", "--linger", "0s", "-v"}, kImpatient));
  ASSERT_TRUE(wait_for([&] { return leader.err().find("staged") != std::string::npos; })) << leader.err();
  std::this_thread::sleep_for(seconds(1));
  EXPECT_TRUE(leader.running()) << leader.err();
  EXPECT_EQ(leader.err().find("PUBLISHED"), std::string::npos);

  std::filesystem::remove(entry(2));

  EXPECT_EQ(leader.wait(), 0) << leader.err();
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
}

TEST_F(HangingFleet, ALeaderThatIsStoppedWithoutAnAnswerToItsCommitSaysThatItIsUnknown) {
  Process leader = fleet_.seed(1, hanging_source(), with({"--slot", "s", "-v"}, kPatient));
  ASSERT_TRUE(wait_for([&] { return leader.err().find("staged") != std::string::npos; })) << leader.err();
  std::this_thread::sleep_for(seconds(1));

  leader.signal(SIGTERM);

  EXPECT_EQ(leader.wait(seconds(30)), 75);
  EXPECT_THAT(leader.err(), HasSubstr("unknown"));
}

TEST_F(HangingFleet, APeerWhoseShareHangsGoesOnSeeding) {
  const Path its_share = fleet_.scratch("its-share");
  std::filesystem::create_directory_symlink(fleet_.share(), its_share);
  Process holder = fleet_.peer(1, with({"--share", its_share}, kImpatient));
  ASSERT_TRUE(wait_for([&] { return fleet_.status()["peers"].size() == 1; }));
  ASSERT_EQ(fleet_.seed(9, source(), {"--slot", "s", "--linger", "20s"}).wait(), 0);
  ASSERT_TRUE(wait_for([&] { return path_exists(fleet_.current(1)); }));

  for (const char* const name : {"FORMAT", "log/00000003"}) {
    hang(fleet_.scratch("hung") / name);
  }
  std::filesystem::remove(its_share);
  std::filesystem::create_directory_symlink(fleet_.scratch("hung"), its_share);
  ASSERT_TRUE(wait_for([&] { return holder.err().find("does not answer") != std::string::npos; })) << holder.err();
  Process other = fleet_.peer(2, {"--once"});

  EXPECT_EQ(other.wait(), 0) << other.err();
  EXPECT_TRUE(fleet_.all_equal(2, fleet_.scratch("source")));
  holder.signal(SIGTERM);
  EXPECT_EQ(holder.wait(seconds(30)), 0) << holder.err();
}

}  // namespace swarmout::test
