// What happens to a host's trees behind its back, and how it recovers.

#include "tests/e2e/fleet.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <map>
#include <thread>

namespace swarmout::test {

namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// A fleet with one release; nobody serves it but hosts that have it.
class OneRelease : public Fleet {
public:
  OneRelease() {
    write_file(tree() / "file", "one\n");
    write_file(tree() / "below/other", "two\n");
    publish();
  }
  void publish() {
    const Options alone{"--min-copies", "0",        "--quorum", "0",          "--stage-timeout",
                        "1s",           "--linger", "0",        "--hold-off", "0"};
    Process leader = seed(9, "dir:" + tree().native(), alone);
    EXPECT_EQ(leader.wait(), 0) << leader.err();
    EXPECT_EQ(command({"fetch", "--revision", "latest", "--to", scratch("copy-" + std::to_string(++copies_)), "--share",
                       url(), "--keys", keys(), "--state", state(9), "--listen", "127.0.0.1"})
                  .status,
              0);
  }
  Path tree() const { return scratch("source"); }
  /// The state directory that has it all: a host that needs no other.
  Process whole_host(const Options& more = {}) {
    Options options{"--state", state(9)};
    options.insert(options.end(), more.begin(), more.end());
    return peer(1, options);
  }
  bool active() const { return path_exists(current(1) / "file") && listing(current(1)) == listing(tree()); }
  std::string trouble() {
    const auto peers = status()["peers"];
    return peers.empty() ? std::string("nobody") : peers[0]["trouble"].get<std::string>();
  }
  std::uint64_t release() {
    const auto peers = status()["peers"];
    return peers.empty() ? 0 : peers[0]["release"].get<std::uint64_t>();
  }

private:
  int copies_ = 0;
};

}  // namespace

TEST(OwnTrees, AFileWithTheNameOfTheReleaseIsNotTheRelease) {
  OneRelease fleet;
  Process first = fleet.whole_host({"--once"});
  ASSERT_EQ(first.wait(), 0) << first.err();
  const std::string name = fs::read_symlink(fleet.current(1)).filename();
  fs::remove_all(fleet.dest(1));
  write_file(fleet.dest(1) / "releases" / name, "");

  Process once = fleet.whole_host({"--once"});

  EXPECT_EQ(once.wait(), 73) << once.err();
  EXPECT_THAT(once.err(), HasSubstr("releases/" + name));
  EXPECT_FALSE(path_exists(fleet.current(1)));
}

TEST(OwnTrees, AnActiveTreeThatWasRemovedIsSaidAndMadeAnewWithoutTheShare) {
  OneRelease fleet;
  Process host = fleet.whole_host();
  ASSERT_TRUE(wait_for([&] { return fleet.active() && fleet.release() == 2; })) << host.err();
  fs::rename(fleet.share() / "torrents", fleet.share() / "torrents-away");

  fs::remove_all(fs::canonical(fleet.current(1)));

  EXPECT_TRUE(wait_for([&] { return fleet.active(); })) << host.err();
  EXPECT_TRUE(wait_for([&] { return fleet.release() == 2; }));
  EXPECT_THAT(fleet.trouble(), HasSubstr("removed or replaced"));
  fs::rename(fleet.share() / "torrents-away", fleet.share() / "torrents");
}

TEST(OwnTrees, CurrentThatWasPointedElsewhereOrRemovedIsSetBack) {
  OneRelease fleet;
  Process host = fleet.whole_host();
  ASSERT_TRUE(wait_for([&] { return fleet.active(); })) << host.err();

  fs::remove(fleet.current(1));
  EXPECT_TRUE(wait_for([&] { return fleet.active(); })) << host.err();

  fs::remove(fleet.current(1));
  fs::create_symlink("/tmp", fleet.current(1));
  EXPECT_TRUE(wait_for([&] { return fleet.active(); })) << host.err();
  EXPECT_TRUE(wait_for([&] { return fleet.trouble().find("set back") != std::string::npos; }));
}

TEST(OwnTrees, ADirectoryInThePlaceOfCurrentIsForAPerson) {
  OneRelease fleet;
  fs::create_directories(fleet.dest(1) / "current/precious");

  Process once = fleet.whole_host({"--once"});

  EXPECT_EQ(once.wait(), 73) << once.err();
  EXPECT_THAT(once.err(), HasSubstr("current is a directory"));
  EXPECT_TRUE(path_exists(fleet.dest(1) / "current/precious"));
}

TEST(OwnTrees, AFleetFollowsAShareThatWasLostAndMadeAnew) {
  OneRelease fleet;
  Process host = fleet.whole_host();
  ASSERT_TRUE(wait_for([&] { return fleet.active(); })) << host.err();
  write_file(fleet.tree() / "file", "three\n");
  fleet.publish();
  ASSERT_TRUE(wait_for([&] { return fleet.active(); })) << host.err();

  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // a later second: when a release was made has no parts
  fs::remove_all(fleet.share());
  ASSERT_EQ(fleet.command({"init", "--share", fleet.url(), "--keys", fleet.keys()}).status, 0);
  write_file(fleet.tree() / "file", "four\n");
  fleet.publish();

  EXPECT_TRUE(wait_for([&] { return fleet.active(); })) << host.err();
  EXPECT_TRUE(wait_for([&] { return fleet.release() == 2; })) << "of the new share";
  EXPECT_THAT(host.err(), HasSubstr("another share than before"));
}

TEST(OwnTrees, OlderOnesGoWithoutAWordToCronAlsoWhereDestIsALink) {
  OneRelease fleet;
  fs::create_directory(fleet.scratch("real"));
  fs::create_directories(fleet.dest(1).parent_path());
  fs::create_symlink(fleet.scratch("real"), fleet.dest(1));
  for (int i = 2; i <= 6; ++i) {
    write_file(fleet.tree() / "file", std::to_string(i));
    fleet.publish();
    Process once = fleet.whole_host({"--once"});
    EXPECT_EQ(once.wait(), 0);
    EXPECT_EQ(once.err(), "") << "nobody watches";
  }
  EXPECT_TRUE(fleet.active());
  EXPECT_EQ(std::distance(fs::directory_iterator(fleet.scratch("real") / "releases"), fs::directory_iterator()), 3);
}

TEST(OwnTrees, AnOldOneBecomesTheNextWhateverItsUsersHaveDoneToIt) {
  OneRelease fleet;
  for (int i = 0; i < 20; ++i) {
    write_file(fleet.tree() / "steady" / std::to_string(i), "the same in all releases\n");
  }
  const auto inode = [](const Path& file) {
    struct stat info {};
    EXPECT_EQ(::stat(file.c_str(), &info), 0) << file;
    return info.st_ino;
  };
  Process host = fleet.whole_host({"--keep", "3"});
  std::map<int, ino_t> steady;  // by release
  std::vector<Path> trees;
  for (int i = 2; i <= 6; ++i) {
    write_file(fleet.tree() / "file", std::to_string(i));
    if (trees.size() == 3) {
      write_file(trees.front() / "steady/3", "edited by somebody\n");
      write_file(trees.front() / "built/x.o", "");
      fs::remove(trees.front() / "steady/4");
    }
    fleet.publish();
    ASSERT_TRUE(wait_for([&] { return fleet.active(); })) << i << ": " << host.err();
    steady[i] = inode(fleet.current(1) / "steady/7");
    trees.push_back(fs::canonical(fleet.current(1)));
  }

  EXPECT_EQ(steady[5], steady[2]) << "release by release, the oldest of three";
  EXPECT_EQ(steady[6], steady[3]);
  EXPECT_THAT(host.err(), HasSubstr("made from the tree " + trees.front().filename().native()));
  EXPECT_FALSE(path_exists(trees.front()));
  const Fleet::Options here{"--dest", fleet.dest(1), "--state", fleet.state(9)};
  for (Fleet::Options verb : {Fleet::Options{"gc", "--dry-run"}, Fleet::Options{"verify"}}) {
    verb.insert(verb.end(), here.begin(), here.end());
    const Finished said = fleet.command(verb);
    EXPECT_EQ(said.status, 0) << said.err;
    EXPECT_EQ((said.out + said.err).find(trees.front().filename()), std::string::npos) << said.out;
  }
}

}  // namespace swarmout::test
