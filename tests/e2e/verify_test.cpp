// `verify`, `gc`, `pin` and `diff` on hosts that run, or do not.

#include "tests/e2e/fleet.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <sstream>

namespace swarmout::test {

namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// Releases that are served by host 1, whose service runs.
class KeptFleet : public Fleet {
public:
  KeptFleet() {
    for (unsigned i = 0; i < 30; ++i) {
      write_file(source() / ("dir/file" + std::to_string(i)), noise(kMiB, i));
    }
    write_file(source() / "run", "#!/bin/sh\n", true);
    write_symlink(source() / "link", "run");
    publish();
  }
  Path source() const { return scratch("source"); }
  void publish() {
    Process leader =
        seed(9, "dir:" + source().native(),
             {"--min-copies", "0", "--quorum", "0", "--stage-timeout", "1s", "--linger", "0", "--hold-off", "0"});
    EXPECT_EQ(leader.wait(), 0) << leader.err();
  }
  /// The leader's state directory: it has all that was published.
  Process server() { return peer(1, {"--state", state(9)}); }
  Finished on(int host, const std::string& verb, Options more = {}, bool reaches_others = true) {
    Options words{verb, "--dest", dest(host), "--state", state(host)};
    if (reaches_others) {
      const Options options = host_options(host);
      words.insert(words.end(), options.begin(), options.end());
    }
    words.insert(words.end(), more.begin(), more.end());
    return command(words);
  }
  void fetch_to(int host) {
    Process once = peer(host, {"--once"});
    ASSERT_EQ(once.wait(), 0) << once.err();
    ASSERT_TRUE(same(host));
  }
  bool same(int host) const { return listing(current(host)) == listing(source()); }
  std::string tree_name(int host) const { return fs::read_symlink(current(host)).filename().native(); }
  void lose_packs(int host) const {
    const auto packs = list_directory(state(host) / "packs").value();
    for (const std::string& name : packs) {
      fs::remove(state(host) / "packs" / name);
    }
    fs::remove_all(state(host) / "swarm");
  }
};

nlohmann::json last_line(const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  std::string last;
  while (std::getline(lines, line)) {
    last = line;
  }
  return nlohmann::json::parse(last);
}

}  // namespace

TEST(Verify, ATreeThatIsWellIs0AndOneThatIsNotIs65) {
  KeptFleet fleet;
  Process server = fleet.server();
  fleet.fetch_to(2);

  const Finished well = fleet.on(2, "verify", {}, false);
  EXPECT_EQ(well.status, 0) << well.err;
  EXPECT_THAT(well.out, HasSubstr("well"));

  write_file(fleet.current(2) / "dir/file3", "other");
  write_file(fleet.current(2) / "more", "");
  fs::remove(fleet.current(2) / "link");
  const Finished bad = fleet.on(2, "verify", {}, false);
  EXPECT_EQ(bad.status, 65);
  EXPECT_THAT(bad.out, HasSubstr("content     dir/file3"));
  EXPECT_THAT(bad.out, HasSubstr("extra       more"));
  EXPECT_THAT(bad.out, HasSubstr("missing     link"));
  EXPECT_EQ(read_file(fleet.current(2) / "dir/file3", 100).value(), "other") << "it only looks";

  const Finished repaired = fleet.on(2, "verify", {"--repair"}, false);
  EXPECT_EQ(repaired.status, 0) << repaired.err;
  EXPECT_TRUE(fleet.same(2));
  EXPECT_EQ(list_directory(fleet.dest(2)).value(), (std::vector<std::string>{"current", "releases"}));
}

TEST(Verify, WhatIsNotOnThisHostComesFromOthersAndLittleMore) {
  KeptFleet fleet;
  Process server = fleet.server();
  fleet.fetch_to(2);
  ASSERT_TRUE(wait_for([&] { return !fleet.status()["peers"].empty(); }));
  fleet.lose_packs(2);
  write_file(fleet.current(2) / "dir/file3", "other");

  const Finished repaired = fleet.on(2, "verify", {"--repair", "--json"});

  EXPECT_EQ(repaired.status, 0) << repaired.err;
  EXPECT_TRUE(fleet.same(2));
  const auto summary = last_line(repaired.out);
  EXPECT_EQ(summary["type"].get<std::string>(), "summary");
  EXPECT_EQ(summary["repaired"].get<std::uint64_t>(), 1U);
  EXPECT_GT(summary["fetched_bytes"].get<std::uint64_t>(), kMiB);
  EXPECT_LE(summary["fetched_bytes"].get<std::uint64_t>(), 5 * kMiB) << "of 30";
  EXPECT_EQ(list_directory(fleet.state(2) / "swarm").value(), std::vector<std::string>{}) << "nothing is left of it";
}

TEST(Verify, WhereAJobWorksNothingIsChanged) {
  KeptFleet fleet;
  Process server = fleet.server();
  fleet.fetch_to(2);
  write_file(fleet.current(2) / "dir/file3", "other");
  const auto job = open_file(fleet.current(2) / ".", O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(::flock(job->get(), LOCK_SH), 0);

  const Finished pinned = fleet.on(2, "verify", {"--repair"}, false);

  EXPECT_EQ(pinned.status, 65);
  EXPECT_THAT(pinned.err, HasSubstr("a job works in"));
  EXPECT_EQ(read_file(fleet.current(2) / "dir/file3", 100).value(), "other");
  ASSERT_EQ(::flock(job->get(), LOCK_UN), 0);
  EXPECT_EQ(fleet.on(2, "verify", {"--repair"}, false).status, 0);
  EXPECT_TRUE(fleet.same(2));
}

TEST(Verify, ARepairThatIsKilledHarmsNothingAndTheNextOneEndsIt) {
  KeptFleet fleet;
  Process server = fleet.server();
  fleet.fetch_to(2);
  for (const char* const point : {"before-repair", "during-repair"}) {
    write_file(fleet.current(2) / "dir/file3", "other");
    write_file(fleet.current(2) / "dir/file4", "other");
    const Finished killed = fleet.command({"verify", "--repair", "--dest", fleet.dest(2), "--state", fleet.state(2)},
                                          {{"SWARMOUT_FAILPOINT", std::string(point) + ":kill"}});
    EXPECT_NE(killed.status, 0) << point;
    for (const char* const each : {"dir/file3", "dir/file4"}) {
      const std::string content = read_file(fleet.current(2) / each, 2 * kMiB).value();
      EXPECT_TRUE(content == "other" || content == read_file(fleet.source() / each, 2 * kMiB).value()) << each;
    }

    EXPECT_EQ(fleet.on(2, "verify", {"--repair"}, false).status, 0) << point;

    EXPECT_TRUE(fleet.same(2)) << point;
    EXPECT_EQ(list_directory(fleet.dest(2)).value(), (std::vector<std::string>{"current", "releases"})) << point;
  }
}

TEST(Verify, WhatThisHostDoesNotHaveIs66WithWhatThereIs) {
  KeptFleet fleet;
  Process server = fleet.server();
  EXPECT_EQ(fleet.on(3, "verify", {}, false).status, 66);
  fleet.fetch_to(2);

  const Finished other = fleet.on(2, "verify", {"77"}, false);

  EXPECT_EQ(other.status, 66);
  EXPECT_THAT(other.err, HasSubstr("release 2"));
}

TEST(Gc, WhatIsPinnedStaysAndTheRestGoes) {
  KeptFleet fleet;
  Process server = fleet.server();
  std::vector<std::string> names;
  for (int i = 0; i < 4; ++i) {
    if (i > 0) {
      write_file(fleet.source() / "run", "#!/bin/sh\n# " + std::to_string(i) + '\n', true);
      fleet.publish();
    }
    Process once = fleet.peer(2, {"--once", "--keep", "9"});
    ASSERT_EQ(once.wait(), 0) << once.err();
    names.push_back(fleet.tree_name(2));
  }
  const std::string oldest = std::to_string(std::stoi(names.front()));
  const Finished pinned = fleet.on(2, "pin", {oldest, "--reason", "audit"}, false);
  ASSERT_EQ(pinned.status, 0) << pinned.err;
  EXPECT_THAT(pinned.out, HasSubstr("audit"));

  const Finished dry = fleet.on(2, "gc", {"--dry-run", "--keep", "1"}, false);
  EXPECT_EQ(dry.status, 0) << dry.err;
  EXPECT_THAT(dry.out, HasSubstr("pinned by"));
  EXPECT_EQ(list_directory(fleet.dest(2) / "releases")->size(), 4U) << "nothing went";

  const Finished done = fleet.on(2, "gc", {"--keep", "1", "--json"}, false);
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(list_directory(fleet.dest(2) / "releases").value(),
            (std::vector<std::string>{names.front(), names.back()}));
  EXPECT_EQ(last_line(done.out)["removals"].get<std::uint64_t>(), 4U) << "two trees, and the packs of two releases";
  EXPECT_EQ(fleet.on(2, "verify", {oldest, "--repair"}, false).status, 0) << "its packs are there, too";

  ASSERT_EQ(fleet.on(2, "unpin", {oldest}, false).status, 0);
  ASSERT_EQ(fleet.on(2, "gc", {"--keep", "1"}, false).status, 0);
  EXPECT_EQ(list_directory(fleet.dest(2) / "releases").value(), std::vector<std::string>{names.back()});
  EXPECT_TRUE(fleet.same(2));
}

TEST(Gc, WhatWaitsToBecomeActiveKeepsItsPacks) {
  KeptFleet fleet;
  Process server = fleet.server();
  fleet.fetch_to(2);
  write_file(fleet.source() / "run", "another\n", true);
  fleet.publish();
  fleet.fetch_to(2);
  Process waits = fleet.peer(2, {"--activate", "hold"});
  write_file(fleet.source() / "run", "the third\n", true);
  fleet.publish();
  ASSERT_TRUE(wait_for([&] {
    const auto peers = fleet.status()["peers"];
    return std::any_of(peers.begin(), peers.end(),
                       [](const auto& each) { return each["complete"] == true && each["held_back"] != ""; });
  })) << waits.err();

  const Finished during = fleet.on(2, "gc", {"--keep", "1"}, false);
  EXPECT_EQ(during.status, 0) << during.err;
  ASSERT_EQ(fleet.command({"activate", "--state", fleet.state(2)}).status, 0);

  EXPECT_TRUE(wait_for([&] { return fleet.same(2); })) << waits.err();
  EXPECT_EQ(fleet.on(2, "gc", {"--keep", "1"}, false).status, 0);
  write_file(fleet.current(2) / "run", "bad");
  EXPECT_EQ(fleet.on(2, "verify", {"--repair"}, false).status, 0) << "its packs are here";
}

TEST(Gc, ARecordWhoseManifestIsGoneHoldsUpNothing) {
  KeptFleet fleet;
  Process server = fleet.server();
  fleet.fetch_to(2);
  const auto manifests = list_directory(fleet.state(2) / "manifests").value();
  ASSERT_EQ(manifests.size(), 1U);
  fs::remove(fleet.state(2) / "manifests" / manifests.front());
  write_file(fleet.source() / "run", "another\n", true);
  fleet.publish();
  fleet.fetch_to(2);

  const Finished done = fleet.on(2, "gc", {"--keep", "1"}, false);

  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(list_directory(fleet.state(2) / "releases")->size(), 1U);
  EXPECT_EQ(fleet.on(2, "verify", {}, false).status, 0);
}

TEST(Gc, KilledAnywhereItLeavesTheActiveTreeAndTheNextOneEndsIt) {
  KeptFleet fleet;
  Process server = fleet.server();
  fleet.fetch_to(2);
  const std::string first = fleet.tree_name(2);
  write_file(fleet.source() / "run", "another\n", true);
  fleet.publish();
  fleet.fetch_to(2);

  const Finished killed = fleet.command({"gc", "--keep", "1", "--dest", fleet.dest(2), "--state", fleet.state(2)},
                                        {{"SWARMOUT_FAILPOINT", "during-gc:kill"}});

  EXPECT_NE(killed.status, 0);
  EXPECT_TRUE(fleet.same(2));
  EXPECT_EQ(fleet.on(2, "gc", {"--keep", "1"}, false).status, 0);
  EXPECT_FALSE(path_exists(fleet.dest(2) / "releases" / first));
  EXPECT_EQ(fleet.on(2, "verify", {}, false).status, 0);
}

TEST(Diff, TwoReleasesAreComparedWithoutTheirTrees) {
  KeptFleet fleet;
  Process server = fleet.server();
  fleet.fetch_to(2);
  const std::string before = std::to_string(std::stoi(fleet.tree_name(2)));
  write_file(fleet.source() / "run", "another\n", true);
  write_file(fleet.source() / "new", "");
  fs::remove(fleet.source() / "dir/file7");
  fleet.publish();
  ASSERT_TRUE(wait_for([&] {
    const auto status = fleet.status();
    return !status["peers"].empty() && status["peers"][0]["release"] == status["releases"][0]["release"];
  })) << "the server has it";
  const std::string after = std::to_string(fleet.status()["releases"][0]["release"].get<int>());

  const Finished changes = fleet.on(2, "diff", {before, after});
  EXPECT_EQ(changes.status, 0) << changes.err;
  EXPECT_THAT(changes.out, HasSubstr("removed     dir/file7\nadded       new\ncontent     run\n"));

  const Finished numbers = fleet.on(3, "diff", {before, after, "--json", "--stat"});
  EXPECT_EQ(numbers.status, 0) << numbers.err;
  const auto summary = last_line(numbers.out);
  EXPECT_EQ(summary["changes"].get<std::uint64_t>(), 3U);
  EXPECT_GT(summary["fetched_bytes"].get<std::uint64_t>(), 0U) << "this host has neither";
  EXPECT_LT(summary["fetched_bytes"].get<std::uint64_t>(), kMiB);
  EXPECT_EQ(fleet.on(2, "diff", {before, "no-such"}).status, 66);
}

}  // namespace swarmout::test
