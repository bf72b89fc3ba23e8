// A command that runs once in the fleet.

#include "tests/e2e/run_fixture.hpp"
#include "tests/support/etcd_cluster.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>

namespace swarmout::test {

namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class OneHostRun : public Run {
protected:
  /// A release that is active on hosts 1 to `hosts`.
  void begin_on(int hosts) {
    for (int host = 1; host <= hosts; ++host) {
      peers_.push_back(fleet_.peer(host));
    }
    publish("one", {"--slot", "first"});
    ASSERT_TRUE(wait_for([&] { return fleet_.all_equal(hosts, source()); }));
  }
  /// `command` appends to the file "ran" what it likes.
  Process one(int host, const std::string& command, const Fleet::Options& more = {}) {
    Fleet::Options options = {"--slot",       "first", "--one-host",        "migrate",
                              "--heartbeat",  "1s",    "--takeover-jitter", "0",
                              "--retry-wait", "100ms"};
    options.insert(options.end(), more.begin(), more.end());
    options.insert(options.end(), {"--", "sh", "-c", command});
    return fleet_.job(host, options);
  }
  std::string say(const std::string& word) const { return "echo " + word + " >> " + mark("ran").native(); }
  std::string ran() const { return read_file(mark("ran"), kMiB).value_or(""); }
};

}  // namespace

TEST_F(OneHostRun, RunsOnceAndTheOthersLeaveQuietly) {
  begin_on(3);
  std::vector<Process> jobs;
  for (int host = 1; host <= 3; ++host) {
    jobs.push_back(one(host, say("ran") + "; sleep 1"));
  }
  for (Process& each : jobs) {
    EXPECT_EQ(each.wait(), 0) << each.err();
    EXPECT_THAT(each.out() + each.err(), IsEmpty());
  }
  EXPECT_EQ(ran(), "ran\n");
  Process late = one(2, say("late"));
  EXPECT_EQ(late.wait(), 0) << late.err();
  EXPECT_EQ(ran(), "ran\n") << "it is done for this slot";
}

TEST_F(OneHostRun, WhoeverWaitsTakesOverWhenTheLeaderIsKilledAndItsCommandDiesWithIt) {
  begin_on(2);
  Process first = one(1, say("first") + "; sleep 300 & wait; " + say("never"));
  ASSERT_TRUE(wait_for([&] { return ran() == "first\n"; })) << first.err();
  Process second = one(2, say("second"), {"--wait", "60s"});
  ::kill(first.pid(), SIGKILL);
  EXPECT_EQ(first.wait(), 128 + SIGKILL);
  EXPECT_EQ(second.wait(), 0) << second.err();
  EXPECT_EQ(ran(), "first\nsecond\n");
}

TEST_F(OneHostRun, WhoeverIsPassedEndsItsCommand) {
  begin_on(2);
  // Its command is not paused, as one that only `run` was paused for.
  Process first = one(1, "trap '" + say("ended") + "; exit 1' TERM; " + say("first") + "; while :; do sleep 0.1; done");
  ASSERT_TRUE(wait_for([&] { return ran() == "first\n"; })) << first.err();
  first.signal(SIGSTOP);
  Process second = one(2, say("second"), {"--wait", "60s"});
  EXPECT_EQ(second.wait(), 0) << second.err();
  first.signal(SIGCONT);
  EXPECT_EQ(first.wait(), 75) << first.err();
  EXPECT_THAT(first.err(), HasSubstr("another host may do, or have done, the same work"));
  EXPECT_EQ(ran(), "first\nsecond\nended\n");
}

TEST_F(OneHostRun, AFailureIsTriedAgainAndThenGivenUpEverywhere) {
  begin_on(2);
  Process first = one(1, say("failed") + "; exit 3", {"--retries", "1"});
  EXPECT_EQ(first.wait(), 3) << first.err();
  EXPECT_EQ(ran(), "failed\nfailed\n");
  Process second = one(2, say("second"), {"--retries", "1"});
  EXPECT_EQ(second.wait(), 1);
  EXPECT_THAT(second.err(), AllOf(HasSubstr("failed 2 times"), HasSubstr("exit status 3")));
  EXPECT_EQ(ran(), "failed\nfailed\n");
}

TEST_F(OneHostRun, ItsCommandsSignalIsItsEnd) {
  begin_on(1);
  Process first = one(1, say("ran") + "; while :; do sleep 0.1; done", {"--retries", "0"});
  ASSERT_TRUE(wait_for([&] { return ran() == "ran\n"; })) << first.err();
  first.signal(SIGTERM);
  EXPECT_EQ(first.wait(), 128 + SIGTERM);
  Process timed = fleet_.job(1, {"--one-host", "timed", "--retries", "0", "--timeout", "500ms", "--", "sleep", "100"});
  EXPECT_EQ(timed.wait(), 124);
}

TEST_F(OneHostRun, ToldToEndItBeginsNoOtherAttemptAndLeavesTheSlotToOthers) {
  begin_on(2);
  Process first = one(1, say("first") + "; while :; do sleep 0.1; done");
  ASSERT_TRUE(wait_for([&] { return ran() == "first\n"; })) << first.err();
  first.signal(SIGTERM);
  EXPECT_EQ(first.wait(), 128 + SIGTERM) << first.err();
  EXPECT_EQ(ran(), "first\n");
  Process second = one(2, say("second"));
  EXPECT_EQ(second.wait(), 0) << "there is an ABANDON: it need not wait for a silence; " << second.err();
  EXPECT_EQ(ran(), "first\nsecond\n");
}

TEST_F(OneHostRun, DoesNothingOnAnOldReleaseOrWithoutTheNameThatItWasToHave) {
  EXPECT_EQ(one(1, say("ran"), {"--if-late", "old"}).wait(), 64);
  for (const char* const option : {"--one-host", "--slot", "--revision", "--name"}) {
    EXPECT_EQ(fleet_.job(1, {option, "", "--", "sh", "-c", say("ran")}).wait(), 64) << option;
  }
  EXPECT_EQ(ran(), "");
}

TEST(OneHostOnEtcd, RunsOnceBelowThePrefixOfTheFleet) {
  EtcdCluster etcd;
  Fleet fleet(etcd.fresh_url());
  write_file(fleet.scratch("source") / "version", "one");
  std::vector<Process> all;
  for (int host = 1; host <= 2; ++host) {
    all.push_back(fleet.peer(host));
  }
  Process seed = fleet.seed(1, "dir:" + fleet.scratch("source").native(), {"--slot", "first"});
  ASSERT_EQ(seed.wait(), 0) << seed.err();
  ASSERT_TRUE(wait_for([&] { return fleet.all_equal(2, fleet.scratch("source")); }));
  const Path ran = fleet.scratch("ran");
  std::vector<Process> jobs;
  for (int host = 1; host <= 2; ++host) {
    jobs.push_back(fleet.job(host, {"--slot", "first", "--one-host", "migrate", "--heartbeat", "1s", "--", "sh", "-c",
                                    "cat version >> " + ran.native() + "; sleep 1"}));
  }
  for (Process& each : jobs) {
    EXPECT_EQ(each.wait(), 0) << each.err();
  }
  EXPECT_EQ(read_file(ran, kMiB).value_or(""), "one");
  EXPECT_EQ(fleet.command({"init", "--share", fleet.url()}).status, 0) << "the share is left as it is";
}

}  // namespace swarmout::test
