// What a run waits for, and what it does not wait for.

#include "common/release/signing.hpp"
#include "peer/run/job_lock.hpp"
#include "peer/run/outcome.hpp"
#include "peer/run/readers_clock.hpp"
#include "peer/run_job.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/memory_share.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A release that is active here, and wanted by its number: no share is needed.
class ActiveHere : public testing::Test {
protected:
  ActiveHere() {
    EXPECT_THAT(make_key_pair(dir_ / "keys"), IsOk());
    write_file(dir_ / "dest/releases/00000042-rev42/file", "x");
    write_symlink(dir_ / "dest/current", "releases/00000042-rev42");
    options_.dest = dir_ / "dest";
    options_.state = dir_ / "state";
    options_.keys = dir_ / "keys";
    options_.share = (dir_ / "share").native();
    options_.revision = "42";
  }
  Path tree() const { return dir_ / "dest/releases/00000042-rev42"; }

  TempDir dir_;
  GateOptions options_;
  FakeClock clock_;
};

}  // namespace

TEST_F(ActiveHere, ATreeThatIsRepairedIsWaitedForAndThatIsSaidOnce) {
  ASSERT_OK_AND_ASSIGN(auto repairer, try_unpinned(tree()));
  ASSERT_TRUE(repairer);
  std::vector<std::string> said;
  const MonotonicTime begun = clock_.now();
  // It is done after a minute of the time that passes here.
  class UntilThen final : public Clock {
  public:
    UntilThen(FakeClock& real, MonotonicTime then, std::optional<Fd>& held) : real_(real), then_(then), held_(held) {}
    MonotonicTime now() const override { return real_.now(); }
    WallTime wall() const override { return real_.wall(); }
    bool sleep(std::chrono::nanoseconds duration, std::stop_token stop) override {
      const bool slept = real_.sleep(duration, stop);
      if (real_.now() >= then_) {
        held_.reset();
      }
      return slept;
    }

  private:
    FakeClock& real_;
    MonotonicTime then_;
    std::optional<Fd>& held_;
  } clock(clock_, begun + 1min, repairer);
  ASSERT_OK_AND_ASSIGN(const PinnedRelease pinned,
                       pin_release(options_, clock, {}, [&](const std::string& news) { said.push_back(news); }));
  EXPECT_EQ(pinned.tree.position, Position{42});
  EXPECT_GE(clock_.now() - begun, 1min);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_THAT(said[0], HasSubstr(tree().native()));
}

TEST_F(ActiveHere, ATreeThatIsRepairedForTooLongIsNotCalledChanging) {
  ASSERT_OK_AND_ASSIGN(const auto repairer, try_unpinned(tree()));
  ASSERT_TRUE(repairer);
  options_.wait = 10s;
  const MonotonicTime begun = clock_.now();
  const auto pinned = pin_release(options_, clock_, {}, [](const std::string&) {});
  ASSERT_THAT(pinned, FailsWith(ErrorCode::temporary));
  EXPECT_THAT(pinned.error().message, HasSubstr("to himself"));
  EXPECT_GE(clock_.now() - begun, 10s);
  EXPECT_LE(clock_.now() - begun, 11s);
}

TEST_F(ActiveHere, ADamagedOutcomeCountsAsNoneAndIsSaid) {
  std::filesystem::create_directories(dir_ / "state/jobs");
  write_file(dir_ / "state/jobs/warm", "");
  RunOptions options;
  options.gate = options_;
  options.command = {"true"};
  options.name = "warm";
  options.once_per_release = true;
  std::vector<std::string> said;
  ASSERT_OK_AND_ASSIGN(const auto ready,
                       prepare_job(options, clock_, {}, [&](const std::string& news) { said.push_back(news); }));
  ASSERT_TRUE(std::holds_alternative<ReadyJob>(ready));
  ASSERT_FALSE(said.empty());
  EXPECT_THAT(said[0], HasSubstr((dir_ / "state/jobs/warm").native()));
  EXPECT_FALSE(leave_outcome(options, std::get<ReadyJob>(ready), JobEnd{}, clock_));
  EXPECT_THAT(JobOutcomes(dir_ / "state").find("warm"), IsOk());
}

TEST_F(ActiveHere, WhatAJobHasLeftIsNotAtWorkAndIsNamed) {
  std::filesystem::create_directories(dir_ / "state");
  RunOptions options;
  options.gate = options_;
  options.command = {"true"};
  options.name = "warm";
  options.once_per_release = true;
  const JobOutcomes outcomes(dir_ / "state");
  ASSERT_OK_AND_ASSIGN(auto lock, outcomes.lock("warm"));
  ASSERT_TRUE(lock);
  const auto prepared = [&] { return prepare_job(options, clock_, {}, [](const std::string&) {}); };
  const auto held = prepared();
  ASSERT_THAT(held, IsOk());
  EXPECT_TRUE(std::holds_alternative<NoJob>(*held)) << "this process is at work";

  // As after a run that was killed, whose command has ended since.
  const pid_t left = ::fork();
  if (left == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::pause();
    ::_exit(0);
  }
  std::filesystem::resize_file(outcomes.lock_file("warm"), 0);
  const auto refused = prepared();
  ASSERT_THAT(refused, FailsWith(ErrorCode::temporary));
  EXPECT_THAT(refused.error().message, HasSubstr("process " + std::to_string(left)));

  note_command(lock->descriptor(), left);
  EXPECT_TRUE(std::holds_alternative<NoJob>(*prepared())) << "now it is the job's command";

  lock.reset();  // the run has seen its command's end
  EXPECT_TRUE(std::holds_alternative<ReadyJob>(*prepared()));
  ::kill(left, SIGKILL);
  ::waitpid(left, nullptr, 0);
}

TEST(ReadersClocks, AreTheHostsWhereTheShareIsForReadingOnly) {
  FakeClock own;
  std::vector<std::string> said;
  ReadersClock clock(own, [&](const std::string& news) { said.push_back(news); });
  MemoryShare share(std::make_shared<MemoryShareState>());
  ASSERT_OK(clock.now(share));
  EXPECT_THAT(said, IsEmpty());
  share.before = [](std::string_view) { return Error{ErrorCode::cannot_write, "Permission denied", {}}; };
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK_AND_ASSIGN(const WallTime now, clock.now(share));
    EXPECT_EQ(now, own.wall());
  }
  ASSERT_EQ(said.size(), 1U);
  EXPECT_THAT(said[0], HasSubstr("Permission denied"));
  share.before = [](std::string_view) { return Error{ErrorCode::temporary, "away", {}}; };
  EXPECT_THAT(clock.now(share), FailsWith(ErrorCode::temporary)) << "it is waited for";
}

TEST(GateOptions, ARunIsOverBeforeTheNextOneUnlessItIsToldHowLongToWait) {
  GateOptions options;
  EXPECT_EQ(options.patience(), std::chrono::hours(1));
  options.period = std::chrono::minutes(10);
  EXPECT_EQ(options.patience(), std::chrono::minutes(9));
  options.period = std::chrono::hours(24);
  EXPECT_EQ(options.patience(), std::chrono::hours(1));
  options.wait = std::chrono::hours(3);
  EXPECT_EQ(options.patience(), std::chrono::hours(3));
  options.wait.reset();
  options.if_late = IfLate::old;
  EXPECT_EQ(options.patience(), std::chrono::milliseconds(0));
}

}  // namespace swarmout::test
