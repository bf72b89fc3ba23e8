// Somebody can write to the share, and has no key: what he puts there is said, and changes nothing that hosts do.

#include "common/share/open_share.hpp"
#include "tests/e2e/fleet.hpp"
#include "tests/support/fleet_keys.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

namespace swarmout::test {

namespace {

using testing::HasSubstr;

class ForgedLog : public testing::Test {
protected:
  void SetUp() override { write_file(tree() / "file", "first"); }

  Path tree() const { return fleet_.scratch("source"); }
  std::string source() const { return fleet_.counted_source(tree()); }
  /// A slot that publishes what the tree is now.
  void publish(const std::string& slot) {
    Process seed = fleet_.seed(1, source(), {"--slot", slot, "--revision", "r-" + slot, "--linger", "0s"});
    ASSERT_EQ(seed.wait(), 0) << seed.err();
  }
  Path log(const std::string& name) const { return fleet_.share() / "log" / name; }
  std::string bytes(std::uint64_t position) const {
    return read_file(log(fmt::format("{:08}", position)), kMiB).value_or("");
  }
  std::uint64_t tail() const { return open_share(fleet_.url()).value()->tail({}).value().value; }
  /// At the end of the log, with a proper chain, signed by a stranger.
  void forge(EntryKind kind, const std::string& slot, Position release = {}) {
    LogEntry entry;
    entry.kind = kind;
    entry.log = open_share(fleet_.url()).value()->cluster().value();
    entry.position = {tail() + 1};
    entry.previous = tail() == 0 ? Digest{} : sha256(bytes(tail()));
    entry.owner = "stranger";
    entry.slot = slot;
    entry.release = release;
    entry.revision = "forged";
    entry.host = "stranger";
    write_file(log(fmt::format("{:08}", entry.position.value)), encode_with(entry, strangers_key()));
  }
  void forge_pair(const std::string& slot, Position release) {
    forge(EntryKind::claim, slot);
    forge(EntryKind::commit, slot, release);
  }
  /// The end of the log with `line` in the place of that of the same key, under the signature of a stranger.
  void forge_line(const std::string& line) {
    forge(EntryKind::claim, "s");
    const Path file = log(fmt::format("{:08}", tail()));
    std::string text(text_of_record(bytes(tail())).value());
    const std::size_t begin = text.find('\n' + line.substr(0, line.find(' ') + 1)) + 1;
    text.replace(begin, text.find('\n', begin) - begin, line);
    write_file(file, signed_text(text, strangers_key()));
  }
  void expect_published(const std::string& slot, const std::string& content) {
    write_file(tree() / "file", content);
    Process seed = fleet_.seed(2, source(), {"--slot", slot, "--revision", "r-" + slot, "--linger", "0s"});
    EXPECT_EQ(seed.wait(), 0) << seed.err();
    EXPECT_THAT(seed.err(), HasSubstr("not signed by a key that this host trusts"));
    EXPECT_EQ(fleet_.status()["releases"][0]["revision"], "r-" + slot);
  }

  /// Of `revision`, the newest one, which `host` has published, and which its next run serves again.
  void expect_fresh_host_has(int host, const std::string& revision, const std::string& content) {
    Process fresh = fleet_.peer(3, {"--once"});
    ASSERT_TRUE(wait_for([&] { return !fleet_.status()["peers"].empty(); }));
    Process server = fleet_.seed(host, source(), {"--slot", "again", "--revision", revision});
    EXPECT_EQ(fresh.wait(), 0) << fresh.err();
    EXPECT_EQ(read_file(fleet_.current(3) / "file", kKiB).value_or(""), content);
    EXPECT_EQ(server.wait(), 0) << server.err();
  }

  Fleet fleet_;
};

}  // namespace

TEST_F(ForgedLog, AForgedPairForTheComingSlotDoesNotKeepItFromBeingPublished) {
  publish("monday");
  forge_pair("tuesday", {2});

  expect_published("tuesday", "second");

  EXPECT_EQ(fleet_.status()["releases"][0]["release"], 6);
}

TEST_F(ForgedLog, AForgedPairTakesNoReleaseBackOnAFreshHost) {
  publish("monday");
  write_file(tree() / "file", "second");
  publish("tuesday");
  forge_pair("wednesday", {2});

  expect_fresh_host_has(1, "r-tuesday", "second");
}

TEST_F(ForgedLog, AForgedClaimWithAHeartbeatThatMovesKeepsNobodyWaiting) {
  publish("monday");
  forge(EntryKind::claim, "tuesday");
  std::atomic<bool> end{false};
  std::jthread freezer([&] {
    for (std::uint64_t counter = 1; !end; ++counter) {
      HeartbeatInfo info;
      info.claim = {{3}, id_of("stranger")};
      info.counter = counter;
      info.time = system_clock().wall();
      (void)open_share(fleet_.url())
          .value()
          ->write_cell(CellKind::heartbeat, claim_cell(info.claim), swarmout::encode(info, strangers_key()).value());
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
    }
  });

  expect_published("tuesday", "second");
  end = true;
}

TEST_F(ForgedLog, WhateverIsPutInThePlaceOfADeadLeadersHeartbeatItIsTakenOver) {
  publish("monday");
  using Replace = std::function<void(const Path&)>;
  const std::vector<Replace> replacements{
      [](const Path& cell) { std::filesystem::create_directory(cell); },
      [](const Path& cell) { std::filesystem::create_symlink("/etc/shadow", cell); },
      [](const Path& cell) { EXPECT_EQ(::mkfifo(cell.c_str(), 0644), 0); },
      [](const Path& cell) { write_file(cell, "cell 4000 of nothing\n"); },
  };
  for (std::size_t i = 0; i < replacements.size(); ++i) {
    const std::string slot = fmt::format("s{}", i);
    Process dead = fleet_.seed(1, source(), {"--slot", slot}, {{"SWARMOUT_FAILPOINT", "after-stage:kill"}});
    ASSERT_EQ(dead.wait(), 128 + SIGKILL) << dead.err();
    const Path hb = fleet_.share() / "hb";
    const auto cells = list_directory(hb).value();
    const std::string claim = fmt::format("{:08}", tail());
    const auto cell =
        std::find_if(cells.begin(), cells.end(), [&](const auto& each) { return each.starts_with(claim); });
    ASSERT_NE(cell, cells.end());
    std::filesystem::remove(hb / *cell);
    replacements[i](hb / *cell);

    Process next = fleet_.seed(2, source(), {"--slot", slot, "--revision", "r-" + slot, "--linger", "0s"});
    EXPECT_EQ(next.wait(std::chrono::seconds(30)), 0) << next.err();
    EXPECT_THAT(next.err(), HasSubstr("is not its leader's")) << i;
    EXPECT_EQ(fleet_.status()["releases"][0]["revision"], "r-" + slot);
  }
}

TEST_F(ForgedLog, AnOwnerThatIsAPathAbortsNobody) {
  publish("monday");
  Process peer = fleet_.peer(1);
  ASSERT_TRUE(wait_for([&] { return path_exists(fleet_.share() / "peers") && !fleet_.status()["peers"].empty(); }));
  forge_line("owner ../../xyz");

  const Finished abandoned = fleet_.command({"abandon", "3", "--share", fleet_.url()});
  EXPECT_EQ(abandoned.status, 64) << abandoned.err;
  EXPECT_TRUE(wait_for([&] {
    const auto peers = fleet_.status()["peers"];
    return !peers.empty() && peers[0]["trouble"].get<std::string>().find("not signed") != std::string::npos;
  })) << "the service goes on, and says so in its record";
  expect_published("tuesday", "second");
  EXPECT_TRUE(peer.running());
  EXPECT_TRUE(wait_for([&] { return read_file(fleet_.current(1) / "file", kKiB).value_or("") == "second"; }));
}

TEST_F(ForgedLog, SoDoesAnyOtherFieldThatIsNotOne) {
  publish("monday");
  for (const char* const line : {"position 18446744073709551615", "position 9223372036854775808", "nonce ../../xyz",
                                 "time never", "attempt 99999999999999999999", "previous xyz"}) {
    forge_line(line);
  }

  expect_published("tuesday", "second");
}

TEST_F(ForgedLog, AClaimAsLargeAsAnEntryMayBeEndsNobody) {
  publish("monday");
  forge_line("slot " + std::string(7500, 's'));

  const Finished abandoned = fleet_.command({"abandon", "3", "--share", fleet_.url()});
  EXPECT_EQ(abandoned.status, 64) << abandoned.err;
  EXPECT_THAT(abandoned.err, HasSubstr("void"));
  expect_published("tuesday", "second");
}

TEST_F(ForgedLog, NumbersThatNoEntryCanHaveAreNotInTheWay) {
  publish("monday");
  for (const char* const name : {"18446744073709551615", "9223372036854775808", "9223372036854775807",
                                 "9007199254740993", "000000005", "99999999999999999999999"}) {
    write_file(log(name), "");
  }
  write_file(tree() / "file", "second");

  publish("tuesday");

  EXPECT_EQ(fleet_.status()["releases"][0]["release"], 4);
}

TEST_F(ForgedLog, AnEmptyFileFarAboveTheEndIsSaidAndPassedBelow) {
  publish("monday");
  write_file(log("99999999"), "");

  expect_published("tuesday", "second");

  EXPECT_EQ(fleet_.status()["releases"][0]["release"], 4) << "not above it";
  expect_fresh_host_has(2, "r-tuesday", "second");
}

TEST_F(ForgedLog, OneWhereTheCommitWouldBeIsPassed) {
  publish("monday");
  write_file(log("00000004"), "");

  expect_published("tuesday", "second");

  EXPECT_EQ(fleet_.status()["releases"][0]["release"], 6);
}

TEST_F(ForgedLog, SomethingThatTakesTheNumberOfTheCommitWhileItsLeaderWorksIsSaidAndTheWorkDoneAgain) {
  publish("monday");
  const Path go = fleet_.scratch("go");
  const std::string waiting =
      "tar:while [ ! -e '" + go.native() + "' ]; do sleep 0.05; done; tar -C '" + tree().native() + "' -cf - .";
  Process seed = fleet_.seed(2, waiting, {"--slot", "tuesday", "--revision", "r-tuesday", "--linger", "0s"});
  ASSERT_TRUE(wait_for([&] { return !list_directory(fleet_.share() / "hb")->empty(); })) << "its leader beats";
  write_file(log("00000004"), "in the way");
  ASSERT_TRUE(wait_for([&] { return tail() == 5; })) << "the next CLAIM";
  write_file(go, "");

  EXPECT_EQ(seed.wait(), 0) << seed.err();
  EXPECT_THAT(seed.err(), HasSubstr("entry 4 that is not signed"));
  EXPECT_EQ(fleet_.status()["releases"][0]["release"], 6);
}

TEST_F(ForgedLog, AWallOfThemStopsRunsAndThatIsNotSilent) {
  publish("monday");
  for (std::uint64_t position = 3; position < 200; ++position) {
    write_file(log(fmt::format("{:08}", position)), "");
  }

  Process seed = fleet_.seed(2, source(), {"--slot", "tuesday"});

  EXPECT_EQ(seed.wait(), 65);
  EXPECT_THAT(seed.err(), HasSubstr("not signed by a key that this host trusts"));
}

// What people see.

TEST_F(ForgedLog, StatusMarksWhatIsNotSignedAndLeavesItsReleasesOut) {
  publish("monday");
  forge(EntryKind::claim, "tuesday");
  forge(EntryKind::commit, "tuesday", {4});

  const auto status = fleet_.status();

  EXPECT_EQ(status["releases"].size(), 1U);
  ASSERT_EQ(status["not_signed"].size(), 1U);
  EXPECT_THAT(status["not_signed"][0].get<std::string>(), HasSubstr("3 (not signed), 4 (not signed)"));
  const Finished table = fleet_.command({"status", "--share", fleet_.url()});
  EXPECT_THAT(table.out, HasSubstr("NOT SIGNED: 2 entries"));
  EXPECT_THAT(table.out, testing::Not(HasSubstr("forged")));
}

TEST_F(ForgedLog, StatusFailsWhenTheNewestSignedWordIsTooOld) {
  publish("monday");
  const auto with_age = [&](const char* age) {
    return fleet_.command({"status", "--share", fleet_.url(), "--max-age", age});
  };
  EXPECT_EQ(with_age("1h").status, 0);
  ASSERT_TRUE(wait_for([&] { return fleet_.status()["newest_signed_seconds"].get<double>() > 2; }));

  const Finished old = with_age("1s");

  EXPECT_EQ(old.status, 75);
  EXPECT_THAT(old.err, HasSubstr("newest signed entry"));
  EXPECT_THAT(old.out, HasSubstr("r-monday")) << "and shows what there is";
}

TEST_F(ForgedLog, APeerSaysInItsRecordWhenTheNewestSignedWordIsTooOld) {
  publish("monday");
  Process peer = fleet_.peer(1, {"--max-age", "1s"});

  EXPECT_TRUE(wait_for([&] {
    const auto peers = fleet_.status()["peers"];
    return !peers.empty() && peers[0]["trouble"].get<std::string>().find("newest signed entry") != std::string::npos;
  }));
}

TEST_F(ForgedLog, AbandonWithoutTheSecretKeyIsRefused) {
  publish("monday");
  std::filesystem::create_directories(fleet_.scratch("open-keys"));
  std::filesystem::copy(fleet_.keys() / "swarmout.pub", fleet_.scratch("open-keys") / "swarmout.pub");

  EXPECT_EQ(fleet_.command({"abandon", "1", "--share", fleet_.url(), "--keys", fleet_.scratch("open-keys")}).status,
            64);
}

}  // namespace swarmout::test
