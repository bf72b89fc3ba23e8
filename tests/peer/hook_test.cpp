// Real hooks, with /bin/sh.

#include "peer/hook.hpp"

#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class HookTest : public testing::Test {
protected:
  HookCall call(const std::string& command, std::chrono::milliseconds timeout = 30s) {
    return {command, {{"SWARMOUT_RELEASE", "42"}}, dir_.path(), dir_ / "hooks/out", timeout};
  }
  std::string output() { return read_file(dir_ / "hooks/out", kMiB).value_or("(nothing)"); }
  bool ends(pid_t pid) {
    return wait_for([&] { return ::kill(pid, 0) != 0; });
  }
  pid_t number_in(const char* file) {
    EXPECT_TRUE(wait_for([&] { return read_file(dir_ / file, kKiB).value_or("").ends_with('\n'); }));
    return std::atoi(read_file(dir_ / file, kKiB).value_or("0").c_str());
  }

  TempDir dir_;
};

}  // namespace

TEST_F(HookTest, WhatItPrintsIsKeptForItsOwnerAlone) {
  EXPECT_THAT(run_hook(call("echo out; echo err >&2; echo $SWARMOUT_RELEASE; pwd"), {}), IsOk());

  EXPECT_EQ(output(), "out\nerr\n42\n" + std::filesystem::canonical(dir_.path()).native() + "\n");
  struct stat info {};
  ASSERT_EQ(::stat((dir_ / "hooks/out").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(HookTest, OfALongOutputTheEndIsKept) {
  EXPECT_THAT(run_hook(call("head -c 1000000 /dev/zero | tr '\\0' x; echo end"), {}), IsOk());

  EXPECT_EQ(output().size(), kKeptOutput);
  EXPECT_TRUE(output().ends_with("xend\n"));
}

TEST_F(HookTest, AFailureHasItsStatusAndItsLastLine) {
  EXPECT_THAT(run_hook(call("echo first; echo the disk is on fire >&2; exit 3"), {}),
              FailsWith(ErrorCode::failed, "status 3; \"the disk is on fire\""));
  EXPECT_THAT(run_hook(call("kill -KILL $$"), {}), FailsWith(ErrorCode::failed, "status 137; it printed nothing"));
  EXPECT_THAT(run_hook(call("("), {}), FailsWith(ErrorCode::failed, "status 2"));
}

TEST_F(HookTest, WhatTakesTooLongIsEndedWithAllThatItStarted) {
  EXPECT_THAT(run_hook(call("sleep 1000 & echo $! > pid; echo waiting; wait", 1s), {}),
              FailsWith(ErrorCode::failed, "did not end within 1.0 s; \"waiting\""));

  EXPECT_TRUE(ends(number_in("pid")));
}

TEST_F(HookTest, WhatALongHookLeavesRunningIsNotWaitedFor) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(run_hook(call("sleep 1000 & echo $! > pid; echo started"), {}), IsOk());

  EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s) << "it has the hook's output open";
  EXPECT_EQ(output(), "started\n");
  ::kill(number_in("pid"), SIGKILL);
}

TEST_F(HookTest, NothingSecretIsInItsEnvironment) {
  ASSERT_EQ(::setenv("SWARMOUT_ETCD_PASSWORD", "secret", 1), 0);

  EXPECT_THAT(run_hook(call("env"), {}), IsOk());

  ::unsetenv("SWARMOUT_ETCD_PASSWORD");
  EXPECT_THAT(output(), Not(HasSubstr("secret")));
  EXPECT_THAT(output(), HasSubstr("SWARMOUT_RELEASE=42"));
}

TEST_F(HookTest, OnAThreadItSaysHowItEnded) {
  const HookRun run(call("exit 7"));

  ASSERT_TRUE(wait_for([&] { return run.result().has_value(); }));
  EXPECT_THAT(*run.result(), FailsWith(ErrorCode::failed, "status 7"));
}

TEST_F(HookTest, WhoDropsItEndsIt) {
  pid_t child = 0;
  {
    const HookRun run(call("echo $$ > pid; sleep 1000"));
    child = number_in("pid");
    EXPECT_FALSE(run.result());
  }

  EXPECT_TRUE(ends(child));
}

TEST_F(HookTest, OneThatIsToldToStopHasNotFailed) {
  HookRun run(call("echo $$ > pid; sleep 1000"));
  number_in("pid");
  run.stop();

  ASSERT_TRUE(wait_for([&] { return run.result().has_value(); }));
  EXPECT_THAT(*run.result(), FailsWith(ErrorCode::temporary));
}

TEST_F(HookTest, ASwarmoutThatItCallsTakesWhatItIsToldForNoSettings) {
  Descriptor release;
  release.position = Position{42};
  release.revision = "abc";
  HookCall told = call("env");
  told.environment = hook_environment(release, dir_.path(), {}, dir_.path(), [](const std::string&) {});

  ASSERT_OK(run_hook(told, {}));

  EXPECT_THAT(output(), AllOf(HasSubstr("SWARMOUT_REVISION=abc\n"), HasSubstr("SWARMOUT_JOB=1\n")));
}

}  // namespace swarmout::test
