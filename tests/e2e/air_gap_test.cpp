// Two fleets that cannot reach each other, and a file between them.

#include "tests/e2e/fleet.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/programs.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>

namespace swarmout::test {

namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// The origin has published two releases, so that the second one has two packs.
class AirGap : public testing::Test {
protected:
  AirGap() {
    make_awkward_tree(tree());
    publish("r-one");
    write_file(tree() / "new", noise(3 * kMiB));
    publish("r-two");
    // What an admin of the far side has copied by hand.
    write_file(trusted() / "origin.pub", read_file(origin_.keys() / kPublicKeyFile, kKiB).value());
  }

  Path tree() const { return origin_.scratch("source"); }
  Path file() const { return origin_.scratch("release.tar"); }
  Path trusted() const { return far_.scratch("trusted"); }

  void publish(const std::string& revision) {
    Process leader = origin_.seed(
        9, origin_.counted_source(tree()),
        {"--revision", revision, "--slot", revision, "--linger", "0s", "--stage-timeout", "0s", "--min-copies", "0"});
    ASSERT_EQ(leader.wait(), 0) << leader.err();
  }
  Finished give(const std::string& release) {
    return origin_.command({"export", release, file(), "--state", origin_.state(9)});
  }
  Finished take(int host, const Fleet::Environment& environment = {}) {
    return far_.command({"import", file(), "--keys", trusted(), "--state", far_.state(host)}, environment);
  }
  /// From the one to the other, without a file.
  Process pipe(const std::string& release, int host) {
    const std::string command =
        "'" + swarmout_program() + "' export " + release + " - --state '" + origin_.state(9).native() + "' | \"$@\"";
    return far_.command_under({"/bin/sh", "-c", command, "sh"},
                              {"import", "-", "--keys", trusted(), "--state", far_.state(host)});
  }
  int publish_there(int host, const std::string& slot) {
    Process leader = far_.seed(host, "imported", {"--slot", slot, "--linger", "1s"});
    const int status = leader.wait();
    EXPECT_EQ(status, 0) << leader.err();
    return status;
  }

  Fleet origin_;
  Fleet far_;
};

}  // namespace

TEST_F(AirGap, AReleaseGoesThroughAPipeAndIsActiveInTheFarFleet) {
  Process first = far_.peer(1);
  Process second = far_.peer(2);
  Process piped = pipe("latest", 1);
  ASSERT_EQ(piped.wait(), 0) << piped.err();
  EXPECT_THAT(piped.out(), AllOf(HasSubstr("revision r-two"), HasSubstr("swarmout seed --source imported")));
  ASSERT_EQ(publish_there(1, "one"), 0);
  EXPECT_TRUE(wait_for([&] { return far_.all_equal(2, tree()); }, std::chrono::seconds(30)))
      << first.err() << second.err();

  ASSERT_EQ(far_.fetch(1, "r-two", {"--to", far_.scratch("there")}).status, 0) << "it has the same revision";
  EXPECT_EQ(listing(far_.scratch("there")), listing(tree()));
  const auto manifest = [](const Fleet& fleet, int host) { return list_directory(fleet.state(host) / "manifests"); };
  EXPECT_THAT(*manifest(origin_, 9), testing::Contains(manifest(far_, 2)->at(0))) << "packed in the same way";
}

TEST_F(AirGap, TheNextReleaseBringsOnlyNewPacks) {
  Process service = far_.peer(2);
  ASSERT_EQ(give("r-one").status, 0);
  ASSERT_EQ(take(1).status, 0);
  ASSERT_EQ(publish_there(1, "one"), 0);
  ASSERT_EQ(give("r-two").status, 0);
  const Finished taken = take(1);
  ASSERT_EQ(taken.status, 0) << taken.err;
  EXPECT_THAT(taken.out, HasSubstr("1 of 2 packs were here"));
  ASSERT_EQ(publish_there(1, "two"), 0);
  EXPECT_TRUE(wait_for([&] { return path_exists(far_.current(2)) && listing(far_.current(2)) == listing(tree()); },
                       std::chrono::seconds(30)))
      << service.err();
  EXPECT_EQ(far_.entries("COMMIT"), 2);
  Process again = far_.seed(1, "imported", {"--slot", "three"});
  EXPECT_EQ(again.wait(), 0) << again.err();
  EXPECT_EQ(far_.status()["releases"][0]["revision"], "r-two") << "unchanged";
}

TEST_F(AirGap, TheFarFleetMayHaveASwarmOfItsOwnOverTls) {
  Process service = far_.peer(2, {"--swarm-tls"});
  ASSERT_EQ(pipe("latest", 1).wait(), 0);
  Process leader = far_.seed(1, "imported", {"--swarm-tls", "--slot", "one", "--linger", "1s"});
  ASSERT_EQ(leader.wait(), 0) << leader.err();
  EXPECT_TRUE(wait_for([&] { return path_exists(far_.current(2)) && listing(far_.current(2)) == listing(tree()); },
                       std::chrono::seconds(30)))
      << service.err();
}

TEST_F(AirGap, AnImportThatWasKilledGoesOn) {
  ASSERT_EQ(give("latest").status, 0);
  for (const std::string where : {"after-import-manifest", "during-import-pack", "after-import-pack"}) {
    EXPECT_EQ(take(1, {{"SWARMOUT_FAILPOINT", where + ":kill"}}).status, 128 + SIGKILL) << where;
    Process nothing = far_.seed(1, "imported", {"--slot", where});
    EXPECT_EQ(nothing.wait(), 66) << "what is not whole is not published";
  }
  EXPECT_EQ(far_.command({"gc", "--state", far_.state(1), "--dest", far_.dest(1)}).status, 0);
  const Finished taken = take(1);
  ASSERT_EQ(taken.status, 0) << taken.err;
  EXPECT_THAT(taken.out, HasSubstr("1 of 2 packs were here"));
  EXPECT_THAT(*list_directory(far_.state(1) / "tmp"), testing::IsEmpty());
  EXPECT_EQ(publish_there(1, "one"), 0);
}

TEST_F(AirGap, WhatWasImportedIsNotFetched) {
  ASSERT_EQ(give("r-two").status, 0);
  const Finished taken = origin_.command({"import", file(), "--state", origin_.state(1)});
  ASSERT_EQ(taken.status, 0) << taken.err;
  const Finished fetched = origin_.fetch(1, "r-two");  // nobody serves it any more
  ASSERT_EQ(fetched.status, 0) << fetched.err;
  EXPECT_THAT(fetched.err, HasSubstr("nothing had to be fetched"));
  EXPECT_EQ(listing(fetched.out.substr(0, fetched.out.size() - 1)), listing(tree()));
}

TEST_F(AirGap, AnOriginThatIsNotTrustedIs65) {
  ASSERT_EQ(give("latest").status, 0);
  const Finished refused = far_.command({"import", file(), "--state", far_.state(1)});
  EXPECT_EQ(refused.status, 65);
  EXPECT_THAT(refused.err, AllOf(HasSubstr(file().native()), HasSubstr("trusts key"), HasSubstr("--keys")));
  EXPECT_THAT(*list_directory(far_.state(1) / "packs"), testing::IsEmpty());
}

TEST_F(AirGap, ADamagedFileIs65AndNothingIsPublishedOfIt) {
  ASSERT_EQ(give("latest").status, 0);
  std::string bytes = read_file(file(), 64 * kMiB).value();
  bytes[bytes.size() / 2] ^= 1;
  write_file(file(), bytes);
  const Finished refused = take(1);
  EXPECT_EQ(refused.status, 65);
  EXPECT_THAT(refused.err, HasSubstr("other bytes"));
  bytes[bytes.size() / 2] ^= 1;
  write_file(file(), bytes.substr(0, bytes.size() - 1));
  EXPECT_EQ(take(1).status, 65);
  Process nothing = far_.seed(1, "imported", {"--slot", "one"});
  EXPECT_EQ(nothing.wait(), 66);
  EXPECT_THAT(nothing.err(), HasSubstr("swarmout import FILE"));
  EXPECT_EQ(far_.entries("CLAIM"), 0) << "nobody was elected for nothing";
}

TEST_F(AirGap, AReleaseThatIsNotHereOrNotWholeIs66AndSaysWhatBringsIt) {
  const Finished unknown = give("r-three");
  EXPECT_EQ(unknown.status, 66);
  EXPECT_THAT(unknown.err, AllOf(HasSubstr("swarmout fetch --revision r-three"), HasSubstr("release 2 (r-one)")));
  EXPECT_EQ(origin_.command({"export", "latest", file(), "--state", origin_.scratch("nowhere")}).status, 66);
  EXPECT_FALSE(path_exists(origin_.scratch("nowhere")));
  const auto packs = list_directory(origin_.state(9) / "packs");
  for (const std::string& name : packs.value()) {
    std::filesystem::remove(origin_.state(9) / "packs" / name);
  }
  const Finished parts = give("latest");
  EXPECT_EQ(parts.status, 66);
  EXPECT_THAT(parts.err, HasSubstr("swarmout fetch --revision 4"));
  EXPECT_FALSE(path_exists(file()));
  EXPECT_FALSE(path_exists(file().native() + ".part"));
  EXPECT_EQ(far_.command({"import", file(), "--state", far_.state(1)}).status, 66) << "there is no such file";
}

TEST_F(AirGap, WhatCannotBeWrittenIs73AndAWrongRequestIs64) {
  EXPECT_EQ(origin_.command({"export", "latest"}).status, 64);
  EXPECT_EQ(far_.command({"import", far_.scratch("keys"), "--state", far_.state(1)}).status, 64) << "a directory";
  const Finished onto = origin_.command({"export", "latest", origin_.scratch("keys"), "--state", origin_.state(9)});
  EXPECT_EQ(onto.status, 73) << "a directory";
  const Finished nowhere =
      origin_.command({"export", "latest", origin_.scratch("no/where"), "--state", origin_.state(9)});
  EXPECT_THAT(nowhere.status, testing::AnyOf(66, 73)) << nowhere.err;
  Process full = origin_.command_under({"/bin/sh", "-c", "\"$@\" > /dev/full", "sh"},
                                       {"export", "latest", "-", "--state", origin_.state(9)});
  EXPECT_EQ(full.wait(), 73) << full.err();
  Process gone = origin_.command_under({"/bin/bash", "-c", "set -o pipefail; \"$@\" | true", "bash"},
                                       {"export", "latest", "-", "--state", origin_.state(9)});
  EXPECT_EQ(gone.wait(), 73) << gone.err();
}

TEST_F(AirGap, ASecondImportAtTheSameTimeIs75) {
  ASSERT_EQ(give("latest").status, 0);
  ASSERT_EQ(take(1).status, 0);
  const auto held = open_file(far_.state(1) / "import.lock", O_RDWR);
  ASSERT_TRUE(held && ::flock(held->get(), LOCK_EX | LOCK_NB) == 0);
  EXPECT_EQ(take(1).status, 75);
}

TEST_F(AirGap, AnExportIsTheSameFileEachTimeAndItsOwnersAlone) {
  ASSERT_EQ(give("latest").status, 0);
  const std::string first = read_file(file(), 64 * kMiB).value();
  ASSERT_EQ(give("4").status, 0) << "over the one that is there";
  EXPECT_TRUE(first == read_file(file(), 64 * kMiB).value());
  EXPECT_EQ(std::filesystem::status(file()).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace swarmout::test
