// Who writes the share, and who else is on the host, against the running program.

#include "tests/e2e/fleet.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HostileShareFleet : public testing::Test {
protected:
  HostileShareFleet() {
    write_file(fleet_.scratch("source") / "file", "content");
    write_file(secret_, kSecret);
    ::chmod(secret_.c_str(), 0600);
  }
  void TearDown() override { EXPECT_EQ(read_file(secret_, kMiB).value_or("gone"), kSecret); }

  std::string source() const { return "dir:" + fleet_.scratch("source").native(); }
  Path peers() const { return fleet_.share() / "peers"; }
  std::vector<std::string> cells() const { return list_directory(peers()).value_or(std::vector<std::string>{}); }
  /// All that is in the cells of peers.
  std::string said_on_the_share() const {
    std::string all;
    for (const std::string& name : cells()) {
      all += read_file(peers() / name, kMiB).value_or("");
    }
    return all;
  }

  const std::string kSecret = "root:hash-of-a-password\n";
  Fleet fleet_;
  Path secret_ = fleet_.scratch("secret");
};

}  // namespace

TEST_F(HostileShareFleet, AServiceWhoseCellBecomesALinkWritesItsCellAndNothingElse) {
  Process peer = fleet_.peer(1);
  ASSERT_TRUE(wait_for([&] { return cells().size() == 1; })) << peer.err();
  const Path cell = peers() / cells().front();
  std::filesystem::remove(cell);
  write_symlink(cell, secret_.native());

  EXPECT_TRUE(wait_for([&] { return !std::filesystem::is_symlink(cell) && path_exists(cell); })) << peer.err();
  EXPECT_EQ(read_file(secret_, kMiB).value_or(""), kSecret);
}

TEST_F(HostileShareFleet, ALeaderWhoTidiesWhileDirectoriesAreLinksEmptiesNothing) {
  const Path outside = fleet_.scratch("outside");
  write_file(outside / "0123456789abcdef", "old");
  std::filesystem::last_write_time(outside / "0123456789abcdef",
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(48));
  for (const char* const name : {"peers", "hb", "stage"}) {
    std::filesystem::remove_all(fleet_.share() / name);
    write_symlink(fleet_.share() / name, outside.native());
  }

  Process leader = fleet_.seed(1, source(), {"--slot", "s", "--linger", "0s", "-v"});
  EXPECT_TRUE(wait_for([&] { return leader.err().find("trying on") != std::string::npos; })) << leader.err();
  leader.signal(SIGTERM);
  EXPECT_EQ(leader.wait(), 75) << "the share may be mended any moment, but not while somebody waits";

  EXPECT_EQ(list_directory(outside).value(), std::vector<std::string>{"0123456789abcdef"});
}

TEST_F(HostileShareFleet, WhatFormatSaysIsNotRepeatedOnTheShareNorInTheLog) {
  ASSERT_EQ(fleet_.seed(9, source(), {"--slot", "s", "--linger", "0s"}).wait(), 0);
  Process peer = fleet_.peer(1);
  ASSERT_TRUE(wait_for([&] { return cells().size() == 1; })) << peer.err();
  const Path format = fleet_.share() / "FORMAT";
  std::filesystem::rename(format, fleet_.scratch("kept"));
  write_symlink(format, secret_.native());
  Process linked = fleet_.peer(2);
  EXPECT_EQ(linked.wait(), 65);
  EXPECT_THAT(linked.err(), HasSubstr("FORMAT is no file, but a link"));

  std::filesystem::remove(format);
  std::filesystem::copy_file(secret_, format);
  Process copied = fleet_.peer(3);
  EXPECT_EQ(copied.wait(), 65);
  ASSERT_TRUE(wait_for([&] { return peer.err().find("FORMAT") != std::string::npos; })) << peer.err();
  peer.signal(SIGTERM);
  peer.wait();

  for (const std::string& text : {linked.err(), copied.err(), peer.err(), said_on_the_share()}) {
    EXPECT_THAT(text, Not(HasSubstr("hash-of-a-password")));
  }
}

// Others on the host.

TEST_F(HostileShareFleet, WhoeverHoldsAnOldOpenLockKeepsNobodyFromSeeding) {
  std::filesystem::create_directories(fleet_.state(1));
  std::vector<Fd> held;
  for (const char* const name : {"seed.lock", "store.lock"}) {
    write_file(fleet_.state(1) / name, "");
    held.emplace_back(::open((fleet_.state(1) / name).c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::flock(held.back().get(), LOCK_EX), 0);
  }

  Process seed = fleet_.seed(1, source(), {"--slot", "s", "--linger", "0s"});

  EXPECT_EQ(seed.wait(), 0) << seed.err();
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
  EXPECT_THAT(seed.err(), HasSubstr("seed.lock could be opened by others"));
}

TEST_F(HostileShareFleet, StateIsForItsOwnerAndTreesForAll) {
  Process seed = fleet_.seed(1, source(), {"--slot", "s", "--linger", "20s"});
  ASSERT_TRUE(wait_for([&] { return fleet_.entries("COMMIT") == 1; })) << seed.err();
  ASSERT_EQ(fleet_.peer(2, {"--once"}).wait(), 0);
  seed.signal(SIGTERM);
  seed.wait();

  for (const int host : {1, 2}) {
    EXPECT_EQ(std::filesystem::status(fleet_.state(host)).permissions(), std::filesystem::perms(0700));
  }
  for (const char* const name : {"seed.lock", "store.lock"}) {
    EXPECT_EQ(std::filesystem::status(fleet_.state(1) / name).permissions(), std::filesystem::perms(0600)) << name;
  }
  const auto tree = std::filesystem::status(fleet_.current(2)).permissions();
  EXPECT_EQ(tree & std::filesystem::perms(0055), std::filesystem::perms(0055));
}

}  // namespace swarmout::test
