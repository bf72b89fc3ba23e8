#include "tests/common/base/children.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

namespace swarmout::test {

namespace {

class SubprocessTest : public Children {};

}  // namespace

// Output and status.

TEST_F(SubprocessTest, ItsOutputIsAStream) {
  Subprocess child = started("printf 'hello '; printf world");

  EXPECT_EQ(all_output(child), "hello world");
  EXPECT_EQ(status_of(child), 0);
}

TEST_F(SubprocessTest, ALargeOutputArrivesWhole) {
  Subprocess child = started("head -c 3000000 /dev/zero");

  EXPECT_EQ(all_output(child).size(), 3'000'000U);
  EXPECT_EQ(status_of(child), 0);
}

TEST_F(SubprocessTest, ItsExitStatusIsPassedOn) {
  Subprocess child = started("exit 42");

  EXPECT_EQ(status_of(child), 42);
  EXPECT_EQ(status_of(child), 42) << "and again";
}

TEST_F(SubprocessTest, AKilledChildHasTheStatusOfItsSignal) {
  Subprocess child = started("kill -KILL $$");

  EXPECT_EQ(status_of(child), 128 + SIGKILL);
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
  ::setenv("TEST_OURS", "ours", 1);
  ::setenv("TEST_BOTH", "ours", 1);
  Command command = shell("echo $TEST_OURS $TEST_BOTH $SWARMOUT_TEST_NEW");
  command.environment = {{"TEST_BOTH", "theirs"}, {"SWARMOUT_TEST_NEW", "new"}};

  EXPECT_EQ(run_and_capture(command, kMiB, {}).value_or("error"), "ours theirs new\n");

  ::unsetenv("TEST_OURS");
  ::unsetenv("TEST_BOTH");
}

TEST_F(SubprocessTest, ItDoesNotGetOurSettingsAndPasswords) {
  ::setenv("SWARMOUT_TEST_PASSWORD", "secret", 1);

  const auto seen = run_and_capture({{"env"}}, kMiB, {});
  ::unsetenv("SWARMOUT_TEST_PASSWORD");

  ASSERT_OK(seen);
  EXPECT_THAT(*seen, testing::HasSubstr("PATH="));
  EXPECT_THAT(*seen, testing::Not(testing::HasSubstr("SWARMOUT_")));
}

TEST_F(SubprocessTest, ItGetsOnlyWhatItMayInherit) {
  ::setenv("TEST_WANTED", "1", 1);
  ::setenv("TEST_UNWANTED", "1", 1);
  Command command{{"env"}};
  command.inherits = [](std::string_view name) { return name != "TEST_UNWANTED"; };

  const auto seen = run_and_capture(command, kMiB, {});
  ::unsetenv("TEST_WANTED");
  ::unsetenv("TEST_UNWANTED");

  ASSERT_OK(seen);
  EXPECT_THAT(*seen, testing::HasSubstr("TEST_WANTED=1"));
  EXPECT_THAT(*seen, testing::Not(testing::HasSubstr("TEST_UNWANTED")));
}

TEST_F(SubprocessTest, ItHasNoTerminalToAskAt) {
  EXPECT_EQ(run_and_capture(shell("(read x </dev/tty) 2>/dev/null && echo asked || echo none"), kMiB, {}).value_or(""),
            "none\n");
}

TEST_F(SubprocessTest, WhatWeIgnoreItDoesNot) {
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  const auto ignored = run_and_capture({{"grep", "SigIgn", "/proc/self/status"}}, kMiB, {});
  ::signal(SIGPIPE, before);

  EXPECT_THAT(ignored.value_or("error"), testing::HasSubstr("0000000000000000"));
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
  EXPECT_EQ(status_of(child), 1);
  EXPECT_EQ(child.last_words(), "went wrong\n");
}

TEST_F(SubprocessTest, OnlyTheEndOfALongSpeechIsKept) {
  Subprocess child = started("seq 100000 >&2");

  EXPECT_EQ(status_of(child), 0);
  EXPECT_LE(child.last_words().size(), 2 * kKiB);
  EXPECT_GT(child.last_words().size(), kKiB);
  EXPECT_THAT(child.last_words(), testing::EndsWith("99999\n100000\n"));
}

TEST_F(SubprocessTest, WordsThatWereCutAreLeftOut) {
  Subprocess child =
      started("echo 'https://user:secret-0123456789@host/x' >&2; seq -s ' ' 1000 | head -c 2030 >&2; echo >&2");

  EXPECT_EQ(status_of(child), 0);
  EXPECT_THAT(child.last_words(), testing::Not(testing::HasSubstr("0123456789@host")));
  EXPECT_THAT(child.last_words(), testing::HasSubstr("1 2 3 "));
}

TEST_F(SubprocessTest, OneLineThatWasCutLosesItsFirstWord) {
  Subprocess child = started("printf 'https://user:secret@host/x ' >&2; head -c 2040 /dev/zero | tr '\\0' y >&2");

  EXPECT_EQ(status_of(child), 0);
  EXPECT_THAT(child.last_words(), testing::Not(testing::HasSubstr("host")));
}

TEST_F(SubprocessTest, ALongSpeechDoesNotBlockTheOutput) {
  Subprocess child = started("head -c 1000000 /dev/zero >&2; echo done");

  EXPECT_EQ(all_output(child), "done\n");
  EXPECT_EQ(status_of(child), 0);
}

TEST_F(SubprocessTest, ALongSpeechWhileNobodyReadsTheOutputDoesNotBlockTheEnd) {
  Subprocess child = started("head -c 1000000 /dev/zero >&2");

  EXPECT_EQ(status_of(child), 0);
}

TEST_F(SubprocessTest, AClosedStandardErrorIsNoEnd) {
  Subprocess child = started("exec 2>&-; echo still here; exit 3");

  EXPECT_EQ(all_output(child), "still here\n");
  EXPECT_EQ(status_of(child), 3);
}

TEST_F(SubprocessTest, AGrandchildThatHoldsStandardErrorDoesNotDelayTheEnd) {
  Subprocess child =
      started("sleep 1000 >/dev/null & echo $! > " + (temp_ / "pid").native() + "; echo bye >&2; exit 4");

  EXPECT_EQ(status_of(child), 4);
  EXPECT_EQ(child.last_words(), "bye\n");

  ::kill(pid_in("pid"), SIGKILL);
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
