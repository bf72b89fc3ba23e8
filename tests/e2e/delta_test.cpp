// Updates by deltas: real processes.

#include "tests/e2e/fleet.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Hosts on releases of a directory that grow by little.
class Deltas : public testing::Test {
protected:
  Deltas() {
    make_awkward_tree(tree());
    write_file(tree() / "kept", noise(300 * kKiB));
    change(1);
  }
  Path tree() const { return fleet_.scratch("source"); }
  /// A line; `noise_of` bytes that do not compress with it.
  void change(unsigned number, std::size_t noise_of = 0) {
    write_file(tree() / "text", prose(50 * kKiB) + "version " + std::to_string(number) + '\n');
    if (noise_of > 0) {
      write_file(tree() / "noise", noise(noise_of, number));
    }
  }
  /// What the leader said.
  std::string publish(Fleet::Options more = {}) {
    more.insert(more.end(), {"-v", "--hold-off", "0s", "--linger", "0s"});
    Process leader = fleet_.seed(9, source_.empty() ? "dir:" + tree().native() : source_, more);
    EXPECT_EQ(leader.wait(), 0) << leader.err();
    return leader.err();
  }
  [[nodiscard]] bool is_current_on(int host) {
    return wait_for(
        [&] { return path_exists(fleet_.current(host)) && listing(fleet_.current(host)) == listing(tree()); });
  }
  static void stop(Process& host) {
    host.signal(SIGTERM);
    EXPECT_EQ(host.wait(), 0) << host.err();
  }
  std::vector<Path> delta_files() const {
    std::vector<Path> files;
    const auto names = list_directory(fleet_.share() / "torrents").value();
    for (const std::string& name : names) {
      if (name.ends_with(".delta")) {
        files.push_back(fleet_.share() / "torrents" / name);
      }
    }
    return files;
  }
  bool nothing_is_left(int host) const {
    const auto names = list_directory(fleet_.state(host) / "tmp").value_or(std::vector<std::string>());
    for (const std::string& name : names) {
      if (!list_directory(fleet_.state(host) / "tmp" / name).value_or(std::vector<std::string>()).empty()) {
        return false;
      }
    }
    return true;
  }

  Fleet fleet_;
  std::string source_;
};

}  // namespace

TEST_F(Deltas, EachReleaseAfterTheFirstArrivesByOne) {
  const Process host = fleet_.peer(1);
  ASSERT_TRUE(wait_for([&] { return fleet_.status()["peers"].size() == 1; }));
  EXPECT_THAT(publish(), Not(HasSubstr("a delta of")));
  ASSERT_TRUE(is_current_on(1)) << host.err();
  EXPECT_THAT(host.err(), HasSubstr("in packs: nothing is here yet"));
  for (const unsigned number : {2U, 3U}) {
    change(number);

    EXPECT_THAT(publish(), HasSubstr("a delta of 0."));

    ASSERT_TRUE(is_current_on(1)) << host.err();
    EXPECT_THAT(host.err(), HasSubstr("release " + std::to_string(2 * number) + ": fetching"));
  }
  EXPECT_EQ(delta_files().size(), 2U);
  EXPECT_THAT(host.err(), HasSubstr("by a delta of"));
  EXPECT_THAT(host.err(), HasSubstr(" bytes fetched)"));
  EXPECT_THAT(host.err(), Not(HasSubstr("fetched in packs, not by its delta")));
  EXPECT_TRUE(nothing_is_left(1));

  const Process cold = fleet_.peer(2);
  ASSERT_TRUE(is_current_on(2)) << cold.err();
  EXPECT_THAT(cold.err(), HasSubstr("in packs: nothing is here yet")) << "from the host that took deltas";
}

TEST_F(Deltas, OfAGitSourceToo) {
  const Path repository = fleet_.scratch("repository");
  std::filesystem::create_directories(repository);
  const auto git = [&](const Fleet::Options& arguments) {
    Fleet::Options argv{"git", "-C", repository, "-c", "user.name=a", "-c", "user.email=a@example.org"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const Finished done = run({argv, {}}, fleet_.scratch("git"));
    EXPECT_EQ(done.status, 0) << done.err;
  };
  git({"init", "-q", "--initial-branch=main"});
  source_ = "git+" + repository.native() + "#main";
  const Process host = fleet_.peer(1);
  ASSERT_TRUE(wait_for([&] { return fleet_.status()["peers"].size() == 1; }));
  for (const unsigned number : {1U, 2U, 3U}) {
    write_file(repository / "dir/text", prose(50 * kKiB) + "version " + std::to_string(number) + '\n');
    write_file(repository / "dir.c", "int main;\n");
    write_file(repository / std::to_string(number), "new\n");
    git({"add", "--all"});
    git({"commit", "-qm", "change"});

    EXPECT_EQ(publish().find("a delta of") != std::string::npos, number > 1);

    EXPECT_TRUE(wait_for([&] {
      return read_file(fleet_.current(1) / "dir/text", kMiB)
          .value_or("")
          .ends_with("version " + std::to_string(number) + '\n');
    })) << host.err();
    EXPECT_TRUE(path_exists(fleet_.current(1) / std::to_string(number)));
  }
  EXPECT_THAT(host.err(), HasSubstr("release 6: fetching"));
  EXPECT_THAT(host.err(), HasSubstr("by a delta of"));
  EXPECT_THAT(host.err(), Not(HasSubstr("fetched in packs, not by its delta")));
}

TEST_F(Deltas, AHostThatWasAwayForOneReleaseTakesTwo) {
  const Process one = fleet_.peer(1);
  Process two = fleet_.peer(2);
  ASSERT_TRUE(wait_for([&] { return fleet_.status()["peers"].size() == 2; }));
  publish();
  ASSERT_TRUE(is_current_on(1) && is_current_on(2));
  stop(two);
  for (const unsigned number : {2U, 3U}) {
    change(number);
    publish();
  }

  const Process back = fleet_.peer(2);

  ASSERT_TRUE(is_current_on(2)) << back.err();
  EXPECT_THAT(back.err(), HasSubstr("by 2 deltas of"));
  EXPECT_THAT(back.err(), Not(HasSubstr("fetched in packs, not by its delta")));
}

TEST_F(Deltas, ALargeOneComesThroughTheSwarmAndLaterFromOtherHosts) {
  const Process one = fleet_.peer(1);
  Process two = fleet_.peer(2);
  ASSERT_TRUE(wait_for([&] { return fleet_.status()["peers"].size() == 2; }));
  publish();
  ASSERT_TRUE(is_current_on(1) && is_current_on(2));
  stop(two);
  change(2, 200 * kKiB);
  EXPECT_THAT(publish(), HasSubstr("a delta of 20"));
  ASSERT_TRUE(is_current_on(1)) << one.err();
  EXPECT_THAT(one.err(), HasSubstr("by a delta of 20"));
  EXPECT_FALSE(path_exists(fleet_.state(9) / "deltas") && !list_directory(fleet_.state(9) / "deltas").value().empty())
      << "the leader leaves nothing behind";

  const Process late = fleet_.peer(2);  // the leader has gone

  ASSERT_TRUE(is_current_on(2)) << late.err();
  EXPECT_THAT(late.err(), HasSubstr("by a delta of 20"));
  EXPECT_THAT(late.err(), Not(HasSubstr("fetched in packs, not by its delta")));
  EXPECT_EQ(list_directory(fleet_.state(2) / "deltas").value().size(), 1U) << "and it is served on";
}

TEST_F(Deltas, OverTlsALargeOneComesThroughTheSwarm) {
  const Fleet::Options tls{"--swarm-tls"};
  const Process host = fleet_.peer(1, tls);
  ASSERT_TRUE(wait_for([&] { return fleet_.status()["peers"].size() == 1; }));
  publish(tls);
  ASSERT_TRUE(is_current_on(1)) << host.err();
  change(2, 200 * kKiB);

  publish(tls);

  ASSERT_TRUE(is_current_on(1)) << host.err();
  EXPECT_THAT(host.err(), HasSubstr("by a delta of 20"));
  EXPECT_THAT(host.err(), Not(HasSubstr("fetched in packs, not by its delta")));
}

TEST_F(Deltas, WithoutItsFileOnTheShareAHostTakesPacksAndSaysWhy) {
  const Process one = fleet_.peer(1);
  Process two = fleet_.peer(2);
  Process three = fleet_.peer(3);
  ASSERT_TRUE(wait_for([&] { return fleet_.status()["peers"].size() == 3; }));
  publish();
  ASSERT_TRUE(is_current_on(1) && is_current_on(2) && is_current_on(3));
  stop(two);
  stop(three);
  change(2);
  publish();
  ASSERT_EQ(delta_files().size(), 1U);
  write_file(delta_files()[0], noise(100));

  const Process another = fleet_.peer(2);
  ASSERT_TRUE(is_current_on(2)) << another.err();
  EXPECT_THAT(another.err(), HasSubstr("in packs: the delta of release 4 on"));

  std::filesystem::remove(delta_files()[0]);
  const Process missing = fleet_.peer(3);
  ASSERT_TRUE(is_current_on(3)) << missing.err();
  EXPECT_THAT(missing.err(), HasSubstr("in packs: the delta of release 4 is not on"));
}

TEST_F(Deltas, AHostWhosePacksAreDamagedSaysSoAndTakesTheOthers) {
  const Process one = fleet_.peer(1);
  Process two = fleet_.peer(2);
  ASSERT_TRUE(wait_for([&] { return fleet_.status()["peers"].size() == 2; }));
  publish();
  ASSERT_TRUE(is_current_on(1) && is_current_on(2));
  stop(two);
  const auto packs = list_directory(fleet_.state(2) / "packs").value();
  for (const std::string& name : packs) {
    if (name.ends_with(".pack")) {
      std::filesystem::remove(fleet_.state(2) / "packs" / name);
    }
  }
  const auto layouts = list_directory(fleet_.state(2) / "swarm").value();
  for (const std::string& name : layouts) {
    std::filesystem::remove_all(fleet_.state(2) / "swarm" / name);
  }
  change(2);
  publish();

  const Process back = fleet_.peer(2);

  ASSERT_TRUE(is_current_on(2)) << back.err();
  EXPECT_THAT(back.err(), HasSubstr("release 4 is fetched in packs, not by its delta: "));
}

TEST_F(Deltas, AHostThatIsKilledAsItHasAppliedOneGoesOn) {
  Process one = fleet_.peer(1, {}, {{"SWARMOUT_FAILPOINT", "after-delta:kill"}});
  const Process two = fleet_.peer(2);
  ASSERT_TRUE(wait_for([&] { return fleet_.status()["peers"].size() == 2; }));
  publish();
  ASSERT_TRUE(is_current_on(1) && is_current_on(2));
  change(2, 30 * kKiB);
  publish();
  EXPECT_EQ(one.wait(), 128 + SIGKILL);
  EXPECT_NE(listing(fleet_.current(1)), listing(tree())) << "it is on the release before";

  const Process again = fleet_.peer(1);

  ASSERT_TRUE(is_current_on(1)) << again.err();
  EXPECT_THAT(again.err(), HasSubstr("by a delta of"));
  EXPECT_TRUE(nothing_is_left(1));
}

}  // namespace swarmout::test
