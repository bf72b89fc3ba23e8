#include "common/base/subprocess.hpp"

#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/wait_for.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

Command shell(const std::string& script) {
  return {{"sh", "-c", script}, {}, {}};
}

class SubprocessTest : public testing::Test {
protected:
  static Subprocess started(const std::string& script) {
    auto child = Subprocess::start(shell(script));
    EXPECT_THAT(child, IsOk());
    return std::move(child).value();
  }
  static std::string all_output(Subprocess& child) {
    std::string output;
    std::vector<std::byte> buffer(4096);
    while (true) {
      const auto got = child.read(buffer, {});
      EXPECT_THAT(got, IsOk());
      if (!got || *got == 0) {
        return output;
      }
      output += as_text(std::span(buffer).first(*got));
    }
  }
  /// The number that a child left in a file, once it is there.
  pid_t pid_in(const std::string& name) {
    std::string text;
    EXPECT_TRUE(wait_for([&] {
      text = read_file(temp_ / name, 100).value_or("");
      return text.ends_with('\n');
    })) << name;
    return static_cast<pid_t>(std::atoi(text.c_str()));
  }
  /// A zombie that nobody has waited for is gone, for our purposes.
  static bool is_gone(pid_t pid) {
    const std::string status = read_file("/proc/" + std::to_string(pid) + "/status", 64 * kKiB).value_or("");
    return status.empty() || status.find("State:\tZ") != std::string::npos;
  }

  TempDir temp_;
};

}  // namespace

// Output and status.

TEST_F(SubprocessTest, ItsOutputIsAStream) {
  Subprocess child = started("printf 'hello '; printf world");

  EXPECT_EQ(all_output(child), "hello world");
  EXPECT_EQ(child.wait(), 0);
}

TEST_F(SubprocessTest, ALargeOutputArrivesWhole) {
  Subprocess child = started("head -c 3000000 /dev/zero");

  EXPECT_EQ(all_output(child).size(), 3'000'000U);
  EXPECT_EQ(child.wait(), 0);
}

TEST_F(SubprocessTest, ItsExitStatusIsPassedOn) {
  Subprocess child = started("exit 42");

  EXPECT_EQ(child.wait(), 42);
  EXPECT_EQ(child.wait(), 42) << "and again";
}

TEST_F(SubprocessTest, AKilledChildHasTheStatusOfItsSignal) {
  Subprocess child = started("kill -KILL $$");

  EXPECT_EQ(child.wait(), 128 + SIGKILL);
}

TEST_F(SubprocessTest, AMissingProgramIsNamedWithAHint) {
  EXPECT_THAT(Subprocess::start({{"swarmout-no-such-program"}, {}, {}}),
              FailsWith(ErrorCode::failed, "cannot start swarmout-no-such-program"));
}

TEST_F(SubprocessTest, AMissingDirectoryIsAnError) {
  Command command = shell("true");
  command.directory = temp_ / "none";

  EXPECT_THAT(Subprocess::start(command), FailsWith(ErrorCode::failed));
}

// What it gets from us.

TEST_F(SubprocessTest, ItRunsWhereItIsTold) {
  Command command = shell("pwd");
  command.directory = temp_.path();

  EXPECT_EQ(run_and_capture(command, kMiB, {}).value_or("error"), temp_.path().native() + "\n");
}

TEST_F(SubprocessTest, ItGetsOurEnvironmentAndMore) {
  ::setenv("SWARMOUT_TEST_OURS", "ours", 1);
  ::setenv("SWARMOUT_TEST_BOTH", "ours", 1);
  Command command = shell("echo $SWARMOUT_TEST_OURS $SWARMOUT_TEST_BOTH $SWARMOUT_TEST_NEW");
  command.environment = {{"SWARMOUT_TEST_BOTH", "theirs"}, {"SWARMOUT_TEST_NEW", "new"}};

  EXPECT_EQ(run_and_capture(command, kMiB, {}).value_or("error"), "ours theirs new\n");

  ::unsetenv("SWARMOUT_TEST_OURS");
  ::unsetenv("SWARMOUT_TEST_BOTH");
}

TEST_F(SubprocessTest, ItsInputIsEmpty) {
  EXPECT_EQ(run_and_capture(shell("cat"), kMiB, {}).value_or("error"), "");
}

TEST_F(SubprocessTest, ItGetsNoneOfOurDescriptors) {
  const int leaked = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC, as libtorrent does
  ASSERT_GE(leaked, 0);

  const auto open = run_and_capture({{"ls", "/proc/self/fd"}, {}, {}}, kMiB, {});
  ::close(leaked);

  EXPECT_EQ(open.value_or("error"), "0\n1\n2\n3\n") << "3 is the listing itself";
}

TEST_F(SubprocessTest, ItMayBeInterruptedAsUsual) {
  sigset_t block;
  sigset_t before;
  ::sigemptyset(&block);
  ::sigaddset(&block, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &block, &before);

  const auto blocked = run_and_capture({{"grep", "SigBlk", "/proc/self/status"}, {}, {}}, kMiB, {});
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);

  EXPECT_THAT(blocked.value_or("error"), testing::HasSubstr("0000000000000000"));
}

// Last words.

TEST_F(SubprocessTest, ItsLastWordsAreWhatItWroteToStandardError) {
  Subprocess child = started("echo out; echo went wrong >&2; exit 1");

  EXPECT_EQ(all_output(child), "out\n");
  EXPECT_EQ(child.wait(), 1);
  EXPECT_EQ(child.last_words(), "went wrong\n");
}

TEST_F(SubprocessTest, OnlyTheEndOfALongSpeechIsKept) {
  Subprocess child = started("seq 100000 >&2");

  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(child.last_words().size(), 2 * kKiB);
  EXPECT_THAT(child.last_words(), testing::EndsWith("99999\n100000\n"));
}

TEST_F(SubprocessTest, ALongSpeechDoesNotBlockTheOutput) {
  Subprocess child = started("head -c 1000000 /dev/zero >&2; echo done");

  EXPECT_EQ(all_output(child), "done\n");
  EXPECT_EQ(child.wait(), 0);
}

TEST_F(SubprocessTest, ALongSpeechWhileNobodyReadsTheOutputDoesNotBlockTheEnd) {
  Subprocess child = started("head -c 1000000 /dev/zero >&2");

  EXPECT_EQ(child.wait(), 0);
}

TEST_F(SubprocessTest, AClosedStandardErrorIsNoEnd) {
  Subprocess child = started("exec 2>&-; echo still here; exit 3");

  EXPECT_EQ(all_output(child), "still here\n");
  EXPECT_EQ(child.wait(), 3);
}

TEST_F(SubprocessTest, AGrandchildThatHoldsStandardErrorDoesNotDelayTheEnd) {
  Subprocess child =
      started("sleep 1000 >/dev/null & echo $! > " + (temp_ / "pid").native() + "; echo bye >&2; exit 4");

  EXPECT_EQ(child.wait(), 4);
  EXPECT_EQ(child.last_words(), "bye\n");

  ::kill(pid_in("pid"), SIGKILL);
}

// The end.

TEST_F(SubprocessTest, AStopEndsTheReading) {
  Subprocess child = started("sleep 1000");
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  std::vector<std::byte> buffer(100);

  EXPECT_THAT(child.read(buffer, stop.get_token()), FailsWith(ErrorCode::temporary, "stopped"));
}

TEST_F(SubprocessTest, ItDoesNotOutliveItsObject) {
  pid_t pid = 0;
  {
    Subprocess child = started("echo $$ > " + (temp_ / "pid").native() + "; exec sleep 1000");
    pid = pid_in("pid");
  }

  EXPECT_TRUE(is_gone(pid));
}

TEST_F(SubprocessTest, WhatItStartedDiesWithIt) {
  pid_t pid = 0;
  {
    Subprocess child = started("sleep 1000 & echo $! > " + (temp_ / "pid").native() + "; wait");
    pid = pid_in("pid");
  }

  EXPECT_TRUE(wait_for([&] { return is_gone(pid); }));
}

TEST_F(SubprocessTest, AChildThatWillNotEndIsKilled) {
  pid_t pid = 0;
  {
    Subprocess child = started("trap '' TERM; sleep 1000 & echo $! > " + (temp_ / "pid").native() + "; wait");
    pid = pid_in("pid");
  }

  EXPECT_TRUE(wait_for([&] { return is_gone(pid); }));
}

TEST_F(SubprocessTest, AGrandchildThatWillNotEndIsKilledAlthoughTheChildEnds) {
  pid_t pid = 0;
  {
    // An ignored signal stays ignored through exec.
    Subprocess child = started("sh -c 'trap \"\" TERM; echo $$ > " + (temp_ / "pid").native() +
                               "; exec sleep 1000' & exec sleep 1000");
    pid = pid_in("pid");
  }

  EXPECT_TRUE(wait_for([&] { return is_gone(pid); }, 10s));
  ::kill(pid, SIGKILL);
}

TEST_F(SubprocessTest, AStoppedChildIsKilledToo) {
  pid_t pid = 0;
  {
    Subprocess child = started("echo $$ > " + (temp_ / "pid").native() + "; kill -STOP $$; exec sleep 1000");
    pid = pid_in("pid");
  }

  EXPECT_TRUE(is_gone(pid));
}

TEST_F(SubprocessTest, StopLetsAChildEndByItself) {
  Subprocess child = started("yes");

  EXPECT_EQ(child.stop(), 128 + SIGPIPE);
}

TEST_F(SubprocessTest, StopKillsAChildThatDoesNotCare) {
  Subprocess child = started("exec sleep 1000");

  EXPECT_EQ(child.stop(), 128 + SIGTERM);
}

TEST_F(SubprocessTest, AMovedOneIsTheSameChild) {
  Subprocess child = started("echo moved; exit 5");
  Subprocess other = std::move(child);

  EXPECT_EQ(all_output(other), "moved\n");
  EXPECT_EQ(other.wait(), 5);
}

// run_and_capture()

TEST_F(SubprocessTest, CapturingGivesTheOutput) {
  EXPECT_EQ(run_and_capture(shell("echo out; echo err >&2"), kMiB, {}).value_or("error"), "out\n");
}

TEST_F(SubprocessTest, CapturingAFailureGivesStatusAndLastWords) {
  EXPECT_THAT(run_and_capture(shell("echo out; echo because >&2; exit 7"), kMiB, {}),
              FailsWith(ErrorCode::failed, "status 7: because"));
}

TEST_F(SubprocessTest, CapturingMoreThanTheLimitIsRefused) {
  EXPECT_THAT(run_and_capture(shell("yes"), 100'000, {}), FailsWith(ErrorCode::refused, "more than expected"));
}

TEST_F(SubprocessTest, CapturingExactlyTheLimitIsFine) {
  EXPECT_THAT(run_and_capture(shell("head -c 1000 /dev/zero"), 1000, {}), IsOk());
}

TEST_F(SubprocessTest, CapturingCanBeStopped) {
  std::stop_source stop;
  stop.request_stop();

  EXPECT_THAT(run_and_capture(shell("sleep 1000"), kMiB, stop.get_token()), FailsWith(ErrorCode::temporary));
}

}  // namespace swarmout::test
