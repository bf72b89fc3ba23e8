// What goes wrong is said, with the documented exit status, and nothing is lost.

#include "tests/e2e/fleet.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;

Path newest_entry(const Fleet& fleet) {
  const auto names = list_directory(fleet.share() / "log");
  return fleet.share() / "log" / names->back();
}

}  // namespace

TEST(ExitCodes, AWrongCommandLineIs64) {
  Fleet fleet;
  EXPECT_EQ(fleet.command({"sed"}).status, 64);
  EXPECT_EQ(fleet.command({"seed"}).status, 64);
  EXPECT_EQ(fleet.command({"peer", "--share", fleet.share(), "--pol", "1s"}).status, 64);
  EXPECT_EQ(fleet.seed(1, "nonsense").wait(), 64);
  EXPECT_EQ(fleet.seed(1, "git+--upload-pack=x").wait(), 64);
  EXPECT_EQ(fleet.seed(1, "dir:/tmp", {"--linger", "ten"}).wait(), 64);
  EXPECT_EQ(fleet.peer(1, {"--upload-limit", "fast"}).wait(), 64);
  EXPECT_EQ(fleet.peer(1, {"--listen", "localhost"}).wait(), 64);
  EXPECT_EQ(fleet.peer(1, {"--allow", "10.0.0.0/8,10.0.0.0/40"}).wait(), 64);
  EXPECT_EQ(fleet.seed(1, "dir:/tmp", {"--tracker-port", "80"}).wait(), 64);
}

TEST(ExitCodes, HelpAndVersionAre0) {
  Fleet fleet;
  EXPECT_EQ(fleet.command({"--help"}).status, 0);
  EXPECT_EQ(fleet.command({"seed", "--help"}).status, 0);
  EXPECT_EQ(fleet.command({"--version"}).status, 0);
}

TEST(ExitCodes, AHostWithoutTheSecretKeyMayNotLead) {
  Fleet fleet;
  std::filesystem::remove(fleet.keys() / "swarmout.key");
  Process seed = fleet.seed(1, "dir:/tmp");
  EXPECT_EQ(seed.wait(), 64);
  EXPECT_THAT(seed.err(), HasSubstr("swarmout.key"));
}

TEST(ExitCodes, AShareThatWasNeverInitialisedIs69ForEveryVerb) {
  Fleet fleet;
  std::filesystem::remove(fleet.share() / "FORMAT");
  Process seed = fleet.seed(1, "dir:/tmp");
  EXPECT_EQ(seed.wait(), 69);
  EXPECT_THAT(seed.err(), HasSubstr("swarmout init"));
  EXPECT_EQ(fleet.peer(1).wait(), 69);
  EXPECT_EQ(fleet.fetch(1, "latest").status, 69);
  EXPECT_EQ(fleet.command({"status", "--share", fleet.share()}).status, 69);
}

TEST(ExitCodes, ATroubleOfTheShareIsSaidToCronOnceAndItsEndToo) {
  Fleet fleet;
  write_file(fleet.scratch("source") / "file", "content");
  const std::string source = "dir:" + fleet.scratch("source").native();
  std::filesystem::rename(fleet.share(), fleet.scratch("away"));
  const auto run = [&](const Fleet::Options& more) {
    Process seed = fleet.seed(1, source, more);
    const int status = seed.wait();
    return std::pair(status, seed.err());
  };
  EXPECT_THAT(run({}), testing::Pair(69, HasSubstr("not mounted")));
  EXPECT_THAT(run({}), testing::Pair(69, ""));
  EXPECT_THAT(run({"-v"}), testing::Pair(69, HasSubstr("not mounted")));
  std::filesystem::rename(fleet.scratch("away"), fleet.share());
  EXPECT_THAT(run({"--slot", "1", "--linger", "0s"}), testing::Pair(0, HasSubstr("well again")));
  EXPECT_THAT(run({"--slot", "1", "--linger", "0s"}), testing::Pair(0, ""));
}

TEST(ExitCodes, AShareThatIsNotMountedIs69) {
  Fleet fleet;
  const Finished shown = fleet.command({"status", "--share", fleet.scratch("nowhere")});
  EXPECT_EQ(shown.status, 69);
  EXPECT_THAT(shown.err, HasSubstr("not mounted"));
  EXPECT_FALSE(path_exists(fleet.scratch("nowhere")));
}

TEST(ExitCodes, ADescriptorSignedByAnotherKeyIs65) {
  Fleet fleet;
  write_file(fleet.scratch("source") / "file", "content");
  ASSERT_EQ(fleet.command({"init", "--share", fleet.share(), "--keys", fleet.scratch("other")}).status, 0);
  Process stranger =
      fleet.seed(1, "dir:" + fleet.scratch("source").native(), {"--keys", fleet.scratch("other"), "--linger", "0s"});
  ASSERT_EQ(stranger.wait(), 0) << stranger.err();
  const Finished done = fleet.fetch(2, "latest");
  EXPECT_EQ(done.status, 65);
  EXPECT_THAT(done.err, HasSubstr("trusts key"));
  Process once = fleet.peer(2, {"--once"});
  EXPECT_EQ(once.wait(), 65) << once.err();
  EXPECT_FALSE(path_exists(fleet.current(2)));
}

TEST(ExitCodes, ATorrentThatIsNotTheSignedOneIs65) {
  Fleet fleet;
  for (const std::string name : {"one", "two"}) {
    write_file(fleet.scratch(name) / "file", name);
    ASSERT_EQ(fleet.seed(1, "dir:" + fleet.scratch(name).native(), {"--slot", name, "--linger", "0s"}).wait(), 0);
  }
  const auto torrents = list_directory(fleet.share() / "torrents");
  ASSERT_EQ(torrents->size(), 2u);
  for (const std::string& name : *torrents) {  // each in the other's place
    std::filesystem::rename(fleet.share() / "torrents" / name, fleet.scratch("t-" + name));
  }
  std::filesystem::rename(fleet.scratch("t-" + torrents->front()), fleet.share() / "torrents" / torrents->back());
  std::filesystem::rename(fleet.scratch("t-" + torrents->back()), fleet.share() / "torrents" / torrents->front());
  const Finished done = fleet.fetch(2, "latest");
  EXPECT_EQ(done.status, 65);
  EXPECT_THAT(done.err, HasSubstr("not the one that was signed"));
}

TEST(ExitCodes, ADamagedNewestEntryIsNeitherBelievedNorInTheWay) {
  Fleet fleet;
  write_file(fleet.scratch("source") / "file", "one");
  const std::string source = "dir:" + fleet.scratch("source").native();
  ASSERT_EQ(fleet.seed(1, source, {"--slot", "1", "--linger", "0s"}).wait(), 0);
  write_file(newest_entry(fleet), "garbage");
  EXPECT_EQ(fleet.fetch(2, "latest").status, 66) << "its COMMIT is void";
  EXPECT_EQ(fleet.seed(1, source, {"--slot", "2", "--linger", "0s"}).wait(), 0);
  EXPECT_EQ(fleet.status()["releases"].size(), 1u);
}

TEST(ExitCodes, AFullDiskIs73AndWhatIsActiveStays) {
  if (::getuid() != 0) {
    GTEST_SKIP() << "needs root, to mount a small file system";
  }
  Fleet fleet;
  std::filesystem::create_directories(fleet.dest(1));
  if (::mount("tmpfs", fleet.dest(1).c_str(), "tmpfs", 0, "size=80m") != 0) {
    GTEST_SKIP() << "mount(2) is not allowed here";
  }
  write_file(fleet.scratch("source") / "file", "small");
  const std::string source = "dir:" + fleet.scratch("source").native();
  {
    Process holder = fleet.peer(2);  // somebody to fetch from
    EXPECT_TRUE(wait_for([&] { return fleet.status()["peers"].size() == 1; }));
    EXPECT_EQ(fleet.seed(9, source, {"--slot", "1"}).wait(), 0);
    EXPECT_EQ(fleet.peer(1, {"--once"}).wait(), 0);
    write_file(fleet.scratch("source") / "file", prose(60 * kMiB));
    EXPECT_EQ(fleet.seed(9, source, {"--slot", "2"}).wait(), 0);
    Process once = fleet.peer(1, {"--once"});
    EXPECT_EQ(once.wait(), 73) << once.err();
    EXPECT_THAT(once.err(), HasSubstr("MiB are free"));
  }
  EXPECT_EQ(read_file(fleet.current(1) / "file", 100).value_or(""), "small");
  ::umount2(fleet.dest(1).c_str(), MNT_DETACH);
}

TEST(ExitCodes, TwoServicesInOneStateDirectoryAre75) {
  Fleet fleet;
  Process first = fleet.peer(1);
  ASSERT_TRUE(wait_for([&] { return fleet.status()["peers"].size() == 1; }));
  Process second = fleet.peer(1);
  EXPECT_EQ(second.wait(), 75);
  EXPECT_THAT(second.err(), HasSubstr("--state"));
}

TEST(ExitCodes, SettingsComeFromFlagsTheEnvironmentAndTheFileInThisOrder) {
  Fleet fleet;
  write_file(fleet.scratch("conf"), "[status]\nshare=" + fleet.scratch("from-file").native() + "\n");
  const std::string config = fleet.scratch("conf");
  EXPECT_THAT(fleet.command({"--config", config, "status"}).err, HasSubstr("from-file"));
  EXPECT_THAT(fleet.command({"--config", config, "status"}, {{"SWARMOUT_SHARE", "/from-env"}}).err,
              HasSubstr("/from-env"));
  EXPECT_EQ(
      fleet.command({"--config", config, "status", "--share", fleet.share()}, {{"SWARMOUT_SHARE", "/from-env"}}).status,
      0);
}

TEST(Failpoints, AreNotInTheProgramThatIsShipped) {
  Fleet fleet;
  write_file(fleet.scratch("source") / "file", "content");
  const std::string source = "dir:" + fleet.scratch("source").native();
  Process testing = fleet.seed(1, source, {"--linger", "0s"}, {{"SWARMOUT_FAILPOINT", "before-claim:kill"}});
  EXPECT_EQ(testing.wait(), 128 + SIGKILL);

  Process shipped = fleet.seed_under({"env", "SWARMOUT_FAILPOINT=before-claim:kill"}, 1, source, {"--linger", "0s"});

  EXPECT_EQ(shipped.wait(), 0) << shipped.err();
}

}  // namespace swarmout::test
