#include "seeder/election/host_lock.hpp"

#include "common/base/host.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

class HostLockTest : public testing::Test {
protected:
  HostLock taken() {
    auto lock = HostLock::take(file_, clock_);
    EXPECT_TRUE(lock && *lock);
    return **std::move(lock);
  }
  /// What a run leaves that is killed: its text, and no lock.
  void left_by_a_killed_run(const std::string& owner) {
    std::string text;
    {
      HostLock lock = taken();
      lock.leads("slot-1", owner);
      text = read_file(file_, kMiB).value();
    }
    EXPECT_THAT(replace_file(file_, as_bytes(text), 0600), IsOk());
  }

  bool is_known() { return holder_of(file_, clock_).value().pid != 0; }

  FakeClock clock_;
  TempDir temp_;
  Path file_ = temp_ / "seed.lock";
};

}  // namespace

TEST_F(HostLockTest, OneRunAtATime) {
  const HostLock first = taken();

  const auto second = HostLock::take(file_, clock_);

  ASSERT_THAT(second, IsOk());
  EXPECT_FALSE(*second);
}

TEST_F(HostLockTest, AnotherOneAfterIt) {
  { const HostLock first = taken(); }

  const auto second = HostLock::take(file_, clock_);

  EXPECT_TRUE(second && *second);
}

TEST_F(HostLockTest, WhoHoldsItIsInTheFile) {
  HostLock lock = taken();
  lock.leads("slot-1", "0123456789abcdef");
  lock.phase(Phase::exporting);

  ASSERT_OK_AND_ASSIGN(const LockHolder holder, holder_of(file_, clock_));

  EXPECT_EQ(holder.pid, static_cast<std::uint64_t>(::getpid()));
  EXPECT_EQ(holder.slot, "slot-1");
  EXPECT_EQ(holder.phase, "exporting");
  EXPECT_EQ(holder.since, utc(clock_.wall()));
  EXPECT_EQ(holder.started, clock_.now());
}

TEST_F(HostLockTest, AShorterTextLeavesNothingOfALongerOne) {
  HostLock lock = taken();
  lock.leads(std::string(150, 's'), "owner");
  lock.leads("s", "owner");

  ASSERT_OK_AND_ASSIGN(const LockHolder holder, holder_of(file_, clock_));

  EXPECT_EQ(holder.slot, "s");
}

TEST_F(HostLockTest, ARunThatEndedHoldsNothing) {
  { const HostLock lock = taken(); }

  EXPECT_FALSE(is_known());
}

TEST_F(HostLockTest, AnEmptyFileOfAnEarlierVersionNamesNobody) {
  ASSERT_THAT(replace_file(file_, {}), IsOk());

  EXPECT_FALSE(is_known());
  EXPECT_EQ(taken().dead_owner(), "");
}

TEST_F(HostLockTest, TheClaimOfARunThatWasKilledIsKnown) {
  left_by_a_killed_run("0123456789abcdef");

  EXPECT_EQ(taken().dead_owner(), "0123456789abcdef");
}

TEST_F(HostLockTest, EvenIfTheNextRunIsKilledBeforeItCanUseThat) {
  left_by_a_killed_run("0123456789abcdef");
  const std::string text = [&] {
    const HostLock next = taken();
    return read_file(file_, kMiB).value();
  }();
  ASSERT_THAT(replace_file(file_, as_bytes(text), 0600), IsOk());

  EXPECT_EQ(taken().dead_owner(), "0123456789abcdef");
}

TEST_F(HostLockTest, AnotherBootOrACloneOfTheDiskProvesNothing) {
  left_by_a_killed_run("0123456789abcdef");
  std::string text = read_file(file_, kMiB).value();
  text.replace(text.find(boot_id()), boot_id().size(), "another-boot");
  ASSERT_THAT(replace_file(file_, as_bytes(text), 0600), IsOk());

  EXPECT_FALSE(is_known());
  EXPECT_EQ(taken().dead_owner(), "");
}

TEST_F(HostLockTest, ADamagedFileProvesNothing) {
  left_by_a_killed_run("0123456789abcdef");
  std::string text = read_file(file_, kMiB).value();
  ASSERT_THAT(replace_file(file_, as_bytes(text.substr(0, text.size() / 2))), IsOk());

  EXPECT_EQ(taken().dead_owner(), "");
}

// A holder that does not say who it is.

TEST_F(HostLockTest, OneThatDoesNotSayWhoItIsIsKnownSinceItWasMetFirst) {
  ASSERT_THAT(replace_file(file_, {}), IsOk());
  const MonotonicTime first = clock_.now();
  ASSERT_OK_AND_ASSIGN(const LockHolder met, holder_of(file_, clock_));
  EXPECT_EQ(met.pid, 0U);
  EXPECT_EQ(met.started, first);
  EXPECT_EQ(met.since, utc(clock_.wall()));
  clock_.advance(2h);

  ASSERT_OK_AND_ASSIGN(const LockHolder again, holder_of(file_, clock_));

  EXPECT_EQ(again.started, first);
  EXPECT_EQ(again.since, met.since);
}

TEST_F(HostLockTest, ThatIsForgottenWhenTheLockIsTakenAgain) {
  ASSERT_THAT(replace_file(file_, {}, 0600), IsOk());
  ASSERT_THAT(holder_of(file_, clock_), IsOk());
  clock_.advance(2h);
  { const HostLock lock = taken(); }
  clock_.advance(2h);

  ASSERT_OK_AND_ASSIGN(const LockHolder met, holder_of(file_, clock_));

  EXPECT_EQ(met.started, clock_.now());
  EXPECT_EQ(list_directory(temp_.path()).value().size(), 2U) << "the lock, and the note";
}

TEST_F(HostLockTest, AndOfAnotherBootItSaysNothing) {
  ASSERT_THAT(replace_file(file_, {}), IsOk());
  ASSERT_THAT(holder_of(file_, clock_), IsOk());
  const Path note = file_.native() + ".met";
  std::string text = read_file(note, kMiB).value();
  text.replace(text.find(boot_id()), boot_id().size(), "another-boot");
  ASSERT_THAT(replace_file(note, as_bytes(text), 0600), IsOk());
  clock_.advance(2h);

  EXPECT_EQ(holder_of(file_, clock_).value().started, clock_.now());
}

TEST_F(HostLockTest, ThatItCannotBeNotedIsAnError) {
  std::filesystem::create_directories(temp_ / "seed.lock.met" / "in the way");

  EXPECT_FALSE(holder_of(file_, clock_));
}

// What a run says that finds it held.

class JudgeHolder : public testing::Test {
protected:
  LockHolder holder_{4711, "boot", "2026-11-23T12:00:00Z", MonotonicTime(1h), "slot-1", "exporting", "owner"};
};

TEST_F(JudgeHolder, AYoungOneIsNoTrouble) {
  const auto said = judge_holder(holder_, MonotonicTime(2h), 1h);

  ASSERT_THAT(said, IsOk());
  EXPECT_THAT(*said, testing::HasSubstr("still at work"));
}

TEST_F(JudgeHolder, OneThatIsOlderThanAPeriodIs) {
  const auto said = judge_holder(holder_, MonotonicTime(2h + 1s), 1h);

  ASSERT_THAT(said, FailsWith(ErrorCode::temporary, "process 4711"));
  EXPECT_THAT(said.error().message, testing::HasSubstr("since 2026-11-23T12:00:00Z"));
  EXPECT_THAT(said.error().message, testing::HasSubstr("slot-1"));
  EXPECT_THAT(said.error().message, testing::HasSubstr("exporting"));
  EXPECT_THAT(said.error().hint, testing::HasSubstr("kill 4711"));
}

TEST_F(JudgeHolder, SoIsOneThatDoesNotSayWhoItIs) {
  holder_.pid = 0;

  EXPECT_THAT(judge_holder(holder_, MonotonicTime(2h), 1h), IsOk());
  const auto said = judge_holder(holder_, MonotonicTime(2h + 1s), 1h);
  ASSERT_THAT(said, FailsWith(ErrorCode::temporary, "does not say which process it is"));
  EXPECT_THAT(said.error().hint, testing::HasSubstr("lslocks"));
}

}  // namespace swarmout::test
