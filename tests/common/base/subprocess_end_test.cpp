#include "common/base/private_files.hpp"
#include "tests/common/base/children.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

class SubprocessEnd : public Children {};

}  // namespace

TEST_F(SubprocessEnd, AStopEndsTheReading) {
  Subprocess child = started("sleep 1000");
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  std::vector<std::byte> buffer(100);

  EXPECT_THAT(child.read(buffer, stop.get_token()), FailsWith(ErrorCode::temporary, "stopped"));
}

TEST_F(SubprocessEnd, ItDoesNotOutliveItsObject) {
  pid_t pid = 0;
  {
    Subprocess child = started("echo $$ > " + (temp_ / "pid").native() + "; exec sleep 1000");
    pid = pid_in("pid");
  }

  EXPECT_TRUE(is_gone(pid));
}

TEST_F(SubprocessEnd, WhatItStartedDiesWithIt) {
  pid_t pid = 0;
  {
    Subprocess child = started("sleep 1000 & echo $! > " + (temp_ / "pid").native() + "; wait");
    pid = pid_in("pid");
  }

  EXPECT_TRUE(wait_for([&] { return is_gone(pid); }));
}

TEST_F(SubprocessEnd, AChildThatWillNotEndIsKilled) {
  pid_t pid = 0;
  {
    Subprocess child = started("trap '' TERM; sleep 1000 & echo $! > " + (temp_ / "pid").native() + "; wait");
    pid = pid_in("pid");
  }

  EXPECT_TRUE(wait_for([&] { return is_gone(pid); }));
}

TEST_F(SubprocessEnd, AGrandchildThatWillNotEndIsKilledAlthoughTheChildEnds) {
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

TEST_F(SubprocessEnd, AStoppedChildIsKilledToo) {
  pid_t pid = 0;
  {
    Subprocess child = started("echo $$ > " + (temp_ / "pid").native() + "; kill -STOP $$; exec sleep 1000");
    pid = pid_in("pid");
  }

  EXPECT_TRUE(is_gone(pid));
}

TEST_F(SubprocessEnd, StopLetsAChildEndByItself) {
  Subprocess child = started("yes");

  EXPECT_EQ(child.stop(), 128 + SIGPIPE);
}

TEST_F(SubprocessEnd, StopKillsAChildThatDoesNotCare) {
  Subprocess child = started("exec sleep 1000");

  EXPECT_EQ(child.stop(), 128 + SIGTERM);
}

TEST_F(SubprocessEnd, AMovedOneIsTheSameChild) {
  Subprocess child = started("echo moved; exit 5");
  Subprocess other = std::move(child);

  EXPECT_EQ(all_output(other), "moved\n");
  EXPECT_EQ(status_of(other), 5);
}

TEST_F(SubprocessEnd, AWaitCanBeStopped) {
  Subprocess child = started("exec >&-; exec sleep 1000");
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });

  EXPECT_THAT(child.wait(stop.get_token()), FailsWith(ErrorCode::temporary, "stopped"));
}

TEST_F(SubprocessEnd, WhatWentIntoAGroupOfItsOwnDiesWithIt) {
  pid_t pid = 0;
  {
    Subprocess child =
        started("timeout 1000 sh -c 'echo $$ > " + (temp_ / "pid").native() + "; exec sleep 1000'; true");
    pid = pid_in("pid");
  }

  EXPECT_TRUE(is_gone(pid));
}

TEST_F(SubprocessEnd, WhatWentIntoASessionOfItsOwnDiesWithIt) {
  pid_t pid = 0;
  {
    Subprocess child = started("setsid sh -c 'echo $$ > " + (temp_ / "pid").native() +
                               "; trap \"\" TERM; sleep 1000' & exec sleep 1000");
    pid = pid_in("pid");
  }

  EXPECT_TRUE(is_gone(pid));
}

TEST_F(SubprocessEnd, WhatAFailedOneLeavesIsEnded) {
  Subprocess child = started("sleep 1000 >/dev/null 2>&1 & echo $! > " + (temp_ / "pid").native() + "; exit 3");

  EXPECT_EQ(status_of(child), 3);
  EXPECT_TRUE(wait_for([&] { return is_gone(pid_in("pid")); }));
}

TEST_F(SubprocessEnd, WhatASuccessfulOneLeavesIsLeft) {
  Subprocess child = started("sleep 1000 >/dev/null 2>&1 & echo $! > " + (temp_ / "pid").native());

  EXPECT_EQ(status_of(child), 0);
  const pid_t left = pid_in("pid");
  std::this_thread::sleep_for(100ms);
  EXPECT_FALSE(is_gone(left));
  ::kill(left, SIGKILL);
}

/// A process of ours that starts a child, and is killed once that has written `sign`.
void killed_with_a_child(const std::string& script, const Path& sign) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    const auto child = Subprocess::start(shell(script));
    struct stat info {};
    while (::stat(sign.c_str(), &info) != 0 || info.st_size == 0) {  // a shell makes it first, and writes it then
      ::usleep(1000);
    }
    ::raise(SIGKILL);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
}

TEST_F(SubprocessEnd, ItDiesWithAParentThatIsKilled) {
  killed_with_a_child("echo $$ > " + (temp_ / "pid").native() + "; exec sleep 1000", temp_ / "pid");

  const pid_t pid = pid_in("pid");
  EXPECT_TRUE(wait_for([&] { return is_gone(pid); }, 20s));
}

TEST_F(SubprocessEnd, WhatItStartedDiesWithAParentThatIsKilled) {
  killed_with_a_child("timeout 1000 sh -c 'echo $$ > " + (temp_ / "pid").native() + "; exec sleep 1000'; true",
                      temp_ / "pid");

  const pid_t pid = pid_in("pid");
  EXPECT_TRUE(wait_for([&] { return is_gone(pid); }, 20s));
}

TEST_F(SubprocessEnd, WhatIsHeldIsHeldUntilAllHasEnded) {
  const Path lock = temp_ / "lock";
  pid_t pid = 0;
  {
    auto held = try_lock(lock);
    ASSERT_TRUE(held.has_value() && held->has_value());
    Command command = shell("echo $$ > " + (temp_ / "pid").native() + "; trap '' TERM; sleep 1000");
    command.held = (*held)->get();
    auto child = Subprocess::start(command);
    ASSERT_TRUE(child.has_value());
    pid = pid_in("pid");
    held->reset();
    EXPECT_FALSE(try_lock(lock).value().has_value());
  }

  EXPECT_TRUE(is_gone(pid));
  EXPECT_TRUE(wait_for([&] { return try_lock(lock).value().has_value(); }));
}

TEST_F(SubprocessEnd, AnIgnoredSigchldLosesNoStatus) {
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  Subprocess child = started("echo bye >&2; exit 7");
  const int status = status_of(child);
  ::signal(SIGCHLD, before);

  EXPECT_EQ(status, 7);
  EXPECT_EQ(child.last_words(), "bye\n");
}

TEST_F(SubprocessEnd, OneThatNeverStopsTalkingIsEndedInTime) {
  const auto begun = std::chrono::steady_clock::now();
  { Subprocess child = started("trap '' TERM; yes >&2"); }

  EXPECT_LT(std::chrono::steady_clock::now() - begun, 20s);
}

TEST_F(SubprocessEnd, AGuardianThatWasKilledTakesItsChildAlong) {
  Subprocess child = started("echo $PPID > " + (temp_ / "guardian").native() + "; echo $$ > " +
                             (temp_ / "pid").native() + "; exec sleep 1000");
  const pid_t pid = pid_in("pid");
  ::kill(pid_in("guardian"), SIGKILL);

  EXPECT_EQ(status_of(child), 128 + SIGKILL);
  EXPECT_TRUE(wait_for([&] { return is_gone(pid); }));
}

}  // namespace swarmout::test
