// Script 2, over more than one release: what is kept, copied and left behind.

#include "tests/e2e/run_fixture.hpp"
#include "tests/support/bytes.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

namespace swarmout::test {

namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

using RunOver = Run;

}  // namespace

TEST_F(RunOver, OncePerReleaseIsOnceForEachThatEndedWell) {
  begin();
  const Fleet::Options once = {"--once-per-release", "--name", "once", "--", "sh", "-c"};
  const auto with = [&](const std::string& command) {
    Fleet::Options options = once;
    options.push_back(command);
    return job(1, options);
  };
  EXPECT_EQ(with("exit 3").status, 3);
  EXPECT_EQ(with("echo ran").out, "ran\n") << "a failure is tried again";
  const Finished again = with("echo ran");
  EXPECT_EQ(again.status, 0);
  EXPECT_THAT(again.out + again.err, IsEmpty());
  publish("two", {"--slot", "second"});
  ASSERT_TRUE(wait_for([&] { return is_active(1, "two"); }));
  EXPECT_EQ(with("echo ran").out, "ran\n") << "another release";
}

TEST_F(RunOver, WhatCannotBeStartedIsAFailureThatIsLeftBehind) {
  begin();
  const Path outcome = fleet_.state(1) / "jobs/n";
  EXPECT_EQ(job(1, {"--name", "n", "--", "true"}).status, 0);
  EXPECT_THAT(read_file(outcome, kMiB).value_or(""), HasSubstr("status 0"));
  EXPECT_EQ(job(1, {"--name", "n", "--", "./nothing"}).status, 127);
  EXPECT_THAT(read_file(outcome, kMiB).value_or(""), AllOf(HasSubstr("status 127"), HasSubstr("cannot start")));
}

TEST_F(RunOver, ADaemonThatAJobLeavesDoesNotCountAsIt) {
  begin();
  const Path pid = mark("pid");
  const Fleet::Options once = {"--once-per-release", "--name", "n", "--", "sh", "-c"};
  Fleet::Options failing = once;
  failing.push_back("sleep 300 > /dev/null 2>&1 & echo $! > " + pid.native() + "; exit 3");
  EXPECT_EQ(job(1, failing).status, 3);
  Fleet::Options again = once;
  again.push_back("echo ran");
  EXPECT_EQ(job(1, again).out, "ran\n");
  ::kill(std::stoi(read_file(pid, 100).value_or("0")), SIGKILL);
}

TEST_F(RunOver, OfTwoOfOneNameTheSecondLeavesAlsoAfterTheFirstWasKilled) {
  begin();
  const Path ready = mark("ready");
  const Path end = mark("end");
  Process first =
      fleet_.job(1, {"--once-per-release", "--name", "n", "--", "sh", "-c",
                     ": > " + ready.native() + "; while [ ! -e " + end.native() + " ]; do sleep 0.05; done"});
  ASSERT_TRUE(wait_for([&] { return path_exists(ready); }));
  ::kill(first.pid(), SIGKILL);
  EXPECT_EQ(first.wait(), 128 + SIGKILL);
  const Finished second = job(1, {"--once-per-release", "--name", "n", "--", "echo", "ran"});
  EXPECT_EQ(second.status, 0);
  EXPECT_THAT(second.out, IsEmpty());
  EXPECT_THAT(second.err, HasSubstr("another run of n is at it"));
  write_file(end, "");
  EXPECT_TRUE(wait_for([&] {
    return job(1, {"--once-per-release", "--name", "n", "--", "echo", "ran"}).out == "ran\n";
  }));
}

TEST_F(RunOver, ACommandThatOutlivesAKilledRunGoesOnHoldingItsTree) {
  begin("one", {"--slot", "1"});
  const Path ready = mark("ready");
  const Path end = mark("end");
  Process first = fleet_.job(1, {"--", "sh", "-c",
                                 ": > " + ready.native() + "; while [ ! -e " + end.native() +
                                     " ]; do sleep 0.05; done; cat " + "version > " + mark("read").native()});
  ASSERT_TRUE(wait_for([&] { return path_exists(ready); }));
  const Path tree = std::filesystem::canonical(fleet_.current(1));
  ::kill(first.pid(), SIGKILL);
  for (int i = 2; i <= 6; ++i) {
    publish(std::to_string(i), {"--slot", std::to_string(i)});
    ASSERT_TRUE(wait_for([&] { return is_active(1, std::to_string(i)); }));
  }
  EXPECT_TRUE(path_exists(tree / "version")) << "three are kept, and what is worked in";
  write_file(end, "");
  EXPECT_TRUE(wait_for([&] { return read_file(mark("read"), 10).value_or("") == "one"; }));
  publish("7", {"--slot", "7"});
  EXPECT_TRUE(wait_for([&] { return !path_exists(tree); }));
}

TEST_F(RunOver, ThirtyReleasesComeAndGoUnderAJobThatReadsItsTree) {
  for (int i = 0; i < 20; ++i) {
    write_file(source() / ("file" + std::to_string(i)), "0");
  }
  begin("0", {"--slot", "0"});
  const Path end = mark("end");
  // Reads all of its tree again and again; one byte of another release, or a missing file, ends it with 9.
  Process reader = fleet_.job(1, {"--slot", "0", "--", "sh", "-c",
                                  "n=0; while [ ! -e " + end.native() +
                                      " ]; do [ \"$(cat version file*)\" = 000000000000000000000 ] || exit 9; "
                                      "n=$((n+1)); done; echo $n"});
  const char* const more = std::getenv("SWARMOUT_TEST_RELEASES");  // 100, say
  const int releases = more != nullptr ? std::atoi(more) : 30;
  for (int i = 1; i <= releases; ++i) {
    for (int file = 0; file < 20; ++file) {
      write_file(source() / ("file" + std::to_string(file)), std::to_string(i));
    }
    publish(std::to_string(i), {"--slot", std::to_string(i), "--linger", "0"});
    ASSERT_TRUE(wait_for([&] { return is_active(1, std::to_string(i)); }));
    ASSERT_TRUE(reader.running()) << reader.err();
  }
  write_file(end, "");
  EXPECT_EQ(reader.wait(), 0) << reader.err();
  const int reads = std::stoi(reader.out());
  EXPECT_GT(reads, releases);
  fmt::print("pins: {} releases came and went while a job read its tree {} times\n", releases, reads);
  ASSERT_TRUE(wait_for([&] {
    const auto kept = list_directory(fleet_.dest(1) / "releases");
    return kept && kept->size() <= 4;
  }));
}

TEST_F(RunOver, ACopyCanBeWrittenToAndGoes) {
  begin();
  const Finished done = job(1, {"--copy", "--", "sh", "-c", "echo more >> version; cat version; pwd"});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_THAT(done.out, StartsWith("onemore\n"));
  EXPECT_THAT(done.out, HasSubstr("/.copy-"));
  EXPECT_TRUE(is_active(1, "one"));
  const auto left = list_directory(fleet_.dest(1)).value();
  EXPECT_THAT(left, Not(testing::Contains(StartsWith(".copy-"))));
}

TEST_F(RunOver, OutcomesAreInTheStatusOfTheFleet) {
  begin();
  EXPECT_EQ(
      job(1, {"--name", "migrate", "--report-output", "--", "sh", "-c", "seq 3000; echo out; echo err >&2; exit 3"})
          .status,
      3);
  nlohmann::json shown;
  ASSERT_TRUE(wait_for([&] {
    shown = fleet_.status()["peers"][0]["job"];
    return !shown.is_null();
  }));
  EXPECT_EQ(shown["name"], "migrate");
  EXPECT_EQ(shown["status"], 3);
  EXPECT_EQ(shown["release"], 2);
  EXPECT_THAT(shown["output"].get<std::string>(), AllOf(HasSubstr("out\n"), HasSubstr("err\n")));
  EXPECT_EQ(shown["output"].get<std::string>().size(), 4U * kKiB);
  EXPECT_THAT(fleet_.command({"status", "--share", fleet_.url()}).out, HasSubstr("job migrate on"));
}

TEST_F(RunOver, WhatIsReportedGoesWhereItWouldHaveGone) {
  begin();
  const Finished done = job(1, {"--report-output", "--", "sh", "-c",
                                "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; echo e >&2"});
  EXPECT_EQ(done.status, 0);
  EXPECT_EQ(done.err, "e\n");
  EXPECT_THAT(done.out, AllOf(StartsWith("line 0\n"), HasSubstr("line 12345\n"), HasSubstr("line 19999\n")));
  EXPECT_EQ(std::count(done.out.begin(), done.out.end(), '\n'), 20000);
}

TEST_F(RunOver, WithoutAStateDirectoryItRunsAndSaysWhatIsNotLeftBehind) {
  begin();
  Process process = fleet_.job(1, {"--state", mark("nothing"), "--", "cat", "version"});
  EXPECT_EQ(process.wait(), 0);
  EXPECT_EQ(process.out(), "one");
  EXPECT_THAT(process.err(), HasSubstr("the outcome is not left behind"));
  EXPECT_FALSE(path_exists(mark("nothing")));
}

TEST_F(RunOver, ItsCommandHasNoTerminalOfItsOwnAndNoDescriptorsButThePins) {
  begin();
  const Finished done =
      job(1, {"--", "sh", "-c", "ps -o pgid= -p $$ -p $PPID | sort -u | wc -l; ls /proc/self/fd | wc -l"});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_THAT(done.out, StartsWith("1\n")) << "one process group";
}

}  // namespace swarmout::test
