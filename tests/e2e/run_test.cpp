// Script 2: a command in the release, once it is active here.

#include "tests/e2e/run_fixture.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

}  // namespace

TEST_F(Run, WorksInTheReleaseOfItsSlotAndSaysNothing) {
  begin();
  const Finished done = job(1, {"--slot", "first", "--", "sh", "-c", "cat version; pwd; env | grep ^SWARMOUT_ | sort"});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_THAT(done.err, IsEmpty()) << "cron would mail that";
  const std::string tree = std::filesystem::canonical(fleet_.current(1));
  EXPECT_THAT(done.out, StartsWith("one" + tree + "\n"));
  EXPECT_THAT(done.out, AllOf(HasSubstr("SWARMOUT_DIR=" + tree), HasSubstr("SWARMOUT_RELEASE=2\n"),
                              HasSubstr("SWARMOUT_SLOT=first"), HasSubstr("SWARMOUT_REVISION=")));
  EXPECT_THAT(done.out, Not(HasSubstr("SWARMOUT_PREVIOUS_DIR"))) << "there was none";
}

TEST_F(Run, WaitsForTheReleaseOfItsSlotAndGoesOnWithinASecond) {
  begin();
  Process waiting = fleet_.job(1, {"--slot", "second", "--", "sh", "-c", "date +%s%N; cat version"});
  std::this_thread::sleep_for(500ms);
  EXPECT_TRUE(waiting.running());
  publish("two", {"--slot", "second"});
  ASSERT_TRUE(wait_for([&] { return is_active(1, "two"); }));
  const auto seen = std::chrono::system_clock::now();
  ASSERT_EQ(waiting.wait(), 0) << waiting.err();
  EXPECT_THAT(waiting.out(), HasSubstr("\ntwo"));
  const std::chrono::nanoseconds began(std::stoll(waiting.out()));
  EXPECT_LT(began - seen.time_since_epoch(), 5s) << "a busy machine; a second, else";
}

TEST_F(Run, TellsWhatHasChangedAndKeepsWhatWasBefore) {
  write_file(source() / "gone", "x");
  begin();
  std::filesystem::remove(source() / "gone");
  write_file(source() / "new", "x");
  publish("two", {"--slot", "second"});
  const Finished done =
      job(1, {"--slot", "second", "--", "sh", "-c",
              "tr '\\0' '\\n' < $SWARMOUT_CHANGED; cat $SWARMOUT_PREVIOUS_DIR/version; ls $SWARMOUT_CHANGED"});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_THAT(done.out, StartsWith("D gone\nA new\nM version\none/")) << done.err;
  const std::string file = done.out.substr(done.out.find('/'), done.out.find_last_of('\n') - done.out.find('/'));
  EXPECT_FALSE(path_exists(file)) << file;
}

TEST_F(Run, EndsAsItsCommandEnds) {
  begin();
  EXPECT_EQ(job(1, {"--", "sh", "-c", "exit 42"}).status, 42);
  EXPECT_EQ(job(1, {"--", "sh", "-c", "kill -USR1 $$"}).status, 128 + SIGUSR1);
  EXPECT_EQ(job(1, {"--", "sh", "-c", "kill -KILL $$"}).status, 128 + SIGKILL);
  const Finished none = job(1, {"--", "./nothing"});
  EXPECT_EQ(none.status, 127);
  EXPECT_THAT(none.err, HasSubstr("cannot start ./nothing"));
  EXPECT_EQ(job(1, {"--", "./version"}).status, 126);
  EXPECT_EQ(job(1, {}).status, 64);
}

TEST_F(Run, PassesSignalsOn) {
  begin();
  for (const int signal : {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH}) {
    const Path ready = mark("ready" + std::to_string(signal));
    const std::string number = std::to_string(signal);
    Process process = fleet_.job(
        1, {"--", "sh", "-c",
            "trap 'echo got; exit 7' " + number + "; : > " + ready.native() + "; while :; do sleep 0.05; done"});
    ASSERT_TRUE(wait_for([&] { return path_exists(ready); }));
    process.signal(signal);
    EXPECT_EQ(process.wait(), 7) << number << process.err();
    EXPECT_EQ(process.out(), "got\n") << "once";
  }
}

TEST_F(Run, DiesOfTheSignalThatItsCommandDiedOf) {
  begin();
  Process process = fleet_.job(1, {"--", "sh", "-c", ": > " + mark("ready").native() + "; exec sleep 100"});
  ASSERT_TRUE(wait_for([&] { return path_exists(mark("ready")); }));
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(), 128 + SIGTERM);
}

TEST_F(Run, ATimeLimitEndsAllThatWasStarted) {
  begin();
  const Path pids = mark("pids");
  // One child of its own, one in a session of its own, one that nobody's child is, and all of them stubborn.
  const std::string stubborn = "trap '' TERM; echo $$ >> " + pids.native() + "; while :; do sleep 0.1; done";
  write_file(source() / "x", stubborn);
  const std::string command =
      "(setsid sh -c '" + mark("s").native() + "' &) ; sh " + mark("s").native() + " & sh " + mark("s").native();
  write_file(mark("s"), "#!/bin/sh\n" + stubborn, true);
  const auto begun = std::chrono::steady_clock::now();
  const Finished done = job(1, {"--timeout", "1500ms", "--kill-after", "300ms", "--", "sh", "-c", command});
  EXPECT_EQ(done.status, 124);
  EXPECT_THAT(done.err, HasSubstr("its time was over"));
  EXPECT_GT(std::chrono::steady_clock::now() - begun, 1500ms);
  std::istringstream lines(read_file(pids, kMiB).value_or(""));
  int count = 0;
  for (int pid = 0; lines >> pid; ++count) {
    EXPECT_NE(::kill(pid, 0), 0) << pid << " is left";
  }
  EXPECT_EQ(count, 3);
}

TEST_F(Run, IfLateHasThreeAnswers) {
  begin();
  const Finished skipped = job(1, {"--slot", "never", "--if-late", "skip", "--", "echo", "ran"});
  EXPECT_EQ(skipped.status, 75);
  EXPECT_THAT(skipped.out, IsEmpty());
  EXPECT_THAT(skipped.err, HasSubstr("slot never is not published yet; nobody leads at the moment"));

  const Finished old = job(1, {"--slot", "never", "--if-late", "old", "--", "cat", "version"});
  EXPECT_EQ(old.status, 0) << old.err;
  EXPECT_EQ(old.out, "one");

  const auto begun = std::chrono::steady_clock::now();
  const Finished waited = job(1, {"--slot", "never", "--wait", "700ms", "--", "echo", "ran"});
  EXPECT_EQ(waited.status, 75);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 700ms);

  const Finished nothing = job(2, {"--slot", "never", "--if-late", "old", "--", "echo", "ran"});
  EXPECT_EQ(nothing.status, 69) << "nothing is active there";
  EXPECT_THAT(nothing.err, HasSubstr("nothing is active"));
}

TEST_F(Run, ASlotThatTheFleetHasLeftBehindIsNotWaitedFor) {
  begin();
  publish("two", {"--slot", "second"});
  ASSERT_TRUE(wait_for([&] { return is_active(1, "two"); }));
  const Finished late = job(1, {"--slot", "first", "--", "echo", "ran"});
  EXPECT_EQ(late.status, 75);
  EXPECT_THAT(late.err, HasSubstr("the fleet has gone on to release 4"));
}

TEST_F(Run, NamedByItsRevisionItNeedsNoShare) {
  begin();
  std::filesystem::rename(fleet_.share(), mark("away"));
  const Finished done = job(1, {"--revision", "2", "--", "cat", "version"});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(done.out, "one");
  EXPECT_THAT(done.err, IsEmpty());
  std::filesystem::rename(mark("away"), fleet_.share());
}

TEST_F(Run, AShareThatIsAwayIsWaitedForAndThatIsSaidOnce) {
  begin();
  std::filesystem::rename(fleet_.share(), mark("away"));
  Process waiting = fleet_.job(1, {"--slot", "first", "--", "cat", "version"});
  ASSERT_TRUE(wait_for([&] { return waiting.err().find("waiting for it") != std::string::npos; })) << waiting.err();
  std::this_thread::sleep_for(3s);
  std::filesystem::rename(mark("away"), fleet_.share());
  EXPECT_EQ(waiting.wait(), 0) << waiting.err();
  EXPECT_EQ(waiting.out(), "one");
  const std::string said = waiting.err();
  EXPECT_EQ(said.find("waiting for it"), said.rfind("waiting for it")) << said;
}

TEST_F(Run, AQuorumWaitsForLaggardsAndNamesThem) {
  begin();
  peers_.push_back(fleet_.peer(2));
  ASSERT_TRUE(wait_for([&] { return is_active(2, "one"); }));
  EXPECT_EQ(job(1, {"--slot", "first", "--quorum", "100%", "--", "true"}).status, 0);
  peers_.back().signal(SIGSTOP);
  publish("two", {"--slot", "second", "--quorum", "0.1", "--linger", "0"});
  ASSERT_TRUE(wait_for([&] { return is_active(1, "two"); }));
  EXPECT_EQ(job(1, {"--slot", "second", "--quorum", "50%", "--", "true"}).status, 0);
  const Finished late = job(1, {"--slot", "second", "--quorum", "1", "--wait", "500ms", "--", "true"});
  EXPECT_EQ(late.status, 75);
  EXPECT_THAT(late.err, AllOf(HasSubstr("on 1 of 2 live hosts"), HasSubstr("on release 2")));

  const Finished waited =
      fleet_.command({"wait", "--share", fleet_.url(), "--state", fleet_.state(1), "--dest", fleet_.dest(1), "--slot",
                      "second", "--quorum", "1", "--wait", "0", "--json"});
  EXPECT_EQ(waited.status, 75);
  const std::string last = waited.out.substr(waited.out.rfind('\n', waited.out.size() - 2) + 1);
  const auto summary = nlohmann::json::parse(last);
  EXPECT_EQ(summary["type"], "summary");
  EXPECT_EQ(summary["holds"], false);
  EXPECT_EQ(summary["live_hosts"], 2);
  EXPECT_EQ(summary["hosts_there"], 1);
  peers_.back().signal(SIGCONT);
  EXPECT_EQ(fleet_
                .command({"wait", "--share", fleet_.url(), "--state", fleet_.state(1), "--dest", fleet_.dest(1),
                          "--slot", "second", "--quorum", "1"})
                .status,
            0);
}

TEST_F(Run, WithinAnotherJobHasNothingOfThatOnes) {
  begin();
  Process inner = fleet_.job(1, {"--", "sh", "-c", "echo ${SWARMOUT_CHANGED-nothing}"},
                             {{"SWARMOUT_JOB", "1"}, {"SWARMOUT_CHANGED", "/of/another"}, {"SWARMOUT_REVISION", "no"}});
  EXPECT_EQ(inner.wait(), 0) << inner.err();
  EXPECT_EQ(inner.out(), "nothing\n");
}

TEST_F(Run, AWaitThatFailsAtOnceHasASummaryToo) {
  const Finished waited = fleet_.command({"wait", "--share", fleet_.url(), "--state", fleet_.state(1), "--dest",
                                          fleet_.dest(1), "--keys", "/nonexistent", "--json"});
  EXPECT_NE(waited.status, 0);
  const auto summary = nlohmann::json::parse(waited.out);
  EXPECT_EQ(summary["type"], "summary");
  EXPECT_THAT(std::string(summary["error"]), HasSubstr("/nonexistent"));
}

TEST_F(Run, ASlotOfAPeriodThatTheFleetHasLeftIsNotWaitedFor) {
  begin("one", {"--period", "24h"});
  publish("two", {"--slot", "hotfix"});
  ASSERT_TRUE(wait_for([&] { return is_active(1, "two"); }));
  const Finished late = job(1, {"--period", "24h", "--if-late", "skip", "--", "true"});
  EXPECT_EQ(late.status, 75);
  EXPECT_THAT(late.err, AllOf(HasSubstr("the fleet has gone on to release 4"), HasSubstr("; skipped")));
  const Finished old = job(1, {"--period", "24h", "--if-late", "old", "--", "cat", "version"});
  EXPECT_EQ(old.out, "two");
  EXPECT_THAT(old.err, HasSubstr("; working on 00000004-"));
}

TEST_F(Run, OncePerReleaseNeedsANameThatIsNotThatOfAnInterpreter) {
  const Finished nameless = job(1, {"--once-per-release", "--", "sh", "-c", "true"});
  EXPECT_EQ(nameless.status, 64);
  EXPECT_THAT(nameless.err, HasSubstr("--once-per-release needs --name"));
}

TEST_F(Run, ANameWithoutASlashIsNotLookedForInTheRelease) {
  begin();
  const Finished bare = job(1, {"--", "version"});
  EXPECT_EQ(bare.status, 127);
  EXPECT_THAT(bare.err, HasSubstr("what is in the release is ./version"));
}

}  // namespace swarmout::test
