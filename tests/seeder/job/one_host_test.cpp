#include "seeder/job/one_host.hpp"

#include "common/share/open_share.hpp"
#include "common/share/share_format.hpp"
#include "tests/support/fleet_keys.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <thread>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class OneHostTest : public testing::Test {
protected:
  void SetUp() override { ASSERT_OK(init_share(share())); }
  std::string share() const { return (dir_ / "share").native(); }

  OneHostSettings settings(const std::string& slot = "noon") const {
    OneHostSettings one;
    one.share = share();
    one.job = "migrate";
    one.revision = "rev42";
    one.election.slot = slot;
    one.election.splay = 0ms;
    one.election.beat = 20ms;
    one.election.takeover_jitter = 0ms;
    one.election.retry_wait = 0ms;
    one.heartbeat.interval = 20ms;
    one.publish_patience = 1s;
    return one;
  }
  FleetKeys keys() const { return {fleet_key(), fleet_trust()}; }
  Result<OneHost> open(const OneHostSettings& settings) { return OneHost::open(settings, keys(), system_clock(), {}); }
  /// The whole of one host's part.
  Result<std::string> take_part(const OneHostSettings& settings, const OneHostWork& work) {
    TRY_ASSIGN(OneHost host, open(settings));
    TRY_ASSIGN(const ElectionOutcome outcome, host.elect({}, [](const std::string&) { return Result<void>(); }));
    if (const auto* leadership = std::get_if<Leadership>(&outcome)) {
      TRY_ASSIGN(const OneHostEnd end, host.lead(*leadership, work));
      return end == OneHostEnd::done ? "done" : end == OneHostEnd::failed ? "failed" : "passed";
    }
    return std::holds_alternative<AlreadyPublished>(outcome) ? "already" : "other";
  }
  const LogView* log(LogReader& reader) {
    const auto view = reader.refresh_with_slots();
    EXPECT_THAT(view, IsOk());
    return *view;
  }

  TempDir dir_;
};

Result<WorkEnd> well(const StopOrder&) {
  return WorkEnd{true, ""};
}

}  // namespace

TEST_F(OneHostTest, OnceForEachSlotAndItsSuccessIsAnEntryWithoutARelease) {
  EXPECT_EQ(take_part(settings(), well).value_or("error"), "done");
  EXPECT_EQ(take_part(settings(), well).value_or("error"), "already");
  EXPECT_EQ(take_part(settings("one"), well).value_or("error"), "done");
  ASSERT_OK_AND_ASSIGN(const auto jobs, open_share(job_address(share(), "migrate")));
  LogReader reader(*jobs, fleet_trust());
  const LogEntry* const commit = log(reader)->commit_of("noon");
  ASSERT_NE(commit, nullptr);
  EXPECT_EQ(commit->release, Position{0});
  EXPECT_EQ(commit->revision, "rev42");
}

TEST_F(OneHostTest, AFailureIsAnEntryAndTriedAgainUntilTheAttemptsAreOver) {
  OneHostSettings two = settings();
  two.election.max_attempts = 2;
  const OneHostWork fails = [](const StopOrder&) -> Result<WorkEnd> { return WorkEnd{false, "exit status 3"}; };
  EXPECT_EQ(take_part(two, fails).value_or("error"), "failed");
  EXPECT_EQ(take_part(two, fails).value_or("error"), "failed");
  const auto third = take_part(two, well);
  EXPECT_THAT(third, FailsWith(ErrorCode::failed, "exit status 3"));
  two.election.slot = "one";
  EXPECT_EQ(take_part(two, well).value_or("error"), "done") << "a new slot starts afresh";
}

TEST_F(OneHostTest, OfManyAtTheSameMomentOneDoesIt) {
  constexpr int kHosts = 12;
  std::atomic<int> worked{0};
  std::atomic<int> errors{0};
  std::latch start(kHosts);
  std::vector<std::jthread> hosts;
  for (int i = 0; i < kHosts; ++i) {
    hosts.emplace_back([&] {
      start.arrive_and_wait();
      const auto end = take_part(settings(), [&](const StopOrder&) -> Result<WorkEnd> {
        ++worked;
        return WorkEnd{true, ""};
      });
      if (!end) {
        ++errors;
        ADD_FAILURE() << to_string(end.error());
      }
    });
  }
  hosts.clear();
  EXPECT_EQ(worked, 1);
  EXPECT_EQ(errors, 0) << "all of them make the share of the job";
}

TEST_F(OneHostTest, WhoeverFallsSilentIsPassedAndToldToStop) {
  OneHostSettings slow = settings();
  slow.heartbeat.interval = 1h;  // it beats once
  std::atomic<bool> at_work{false};
  std::jthread first([&] {
    const auto end = take_part(slow, [&](const StopOrder& order) -> Result<WorkEnd> {
      at_work = true;
      for (int i = 0; i < 3000 && !order.given(); ++i) {
        std::this_thread::sleep_for(10ms);
      }
      EXPECT_TRUE(order.given()) << "it was not told";
      return WorkEnd{true, ""};
    });
    EXPECT_THAT(end, FailsWith(ErrorCode::temporary, "another host may do, or have done, the same work"));
  });
  ASSERT_TRUE(wait_for([&] { return at_work.load(); }));
  std::optional<std::string> second;
  for (int i = 0; i < 500 && second != "done"; ++i) {
    second = take_part(settings(), well).value_or("error");
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(second, "done");
}

TEST_F(OneHostTest, WhoseEntryIsTakenSaysThatItMayBeDoneTwice) {
  const auto end = take_part(settings(), [&](const StopOrder&) -> Result<WorkEnd> {
    const auto jobs = open_share(job_address(share(), "migrate"));
    LogReader reader(**jobs, fleet_trust());
    LogEntry passing;
    passing.kind = EntryKind::claim;
    passing.log = (*jobs)->cluster().value();
    passing.position = log(reader)->tail().next();
    passing.previous = log(reader)->tail_digest();
    passing.owner = id_of("another");
    passing.slot = "noon";
    sign_in(passing, system_clock().wall());
    EXPECT_EQ((*jobs)->put(passing.position, encode(passing, fleet_key()).value()).outcome, PutOutcome::won);
    return WorkEnd{true, ""};
  });
  EXPECT_THAT(end, FailsWith(ErrorCode::temporary, "taken over"));
}

TEST_F(OneHostTest, NothingIsMadeWhereTheFleetHasNoShare) {
  std::filesystem::remove(dir_ / "share" / "FORMAT");
  EXPECT_THAT(open(settings()), FailsWith(ErrorCode::unavailable));
  EXPECT_FALSE(path_exists(dir_ / "share" / "jobs"));
  std::filesystem::remove_all(dir_ / "share");
  EXPECT_THAT(open(settings()), FailsWith(ErrorCode::unavailable));
  EXPECT_FALSE(path_exists(dir_ / "share"));
}

TEST_F(OneHostTest, AJobsShareBelongsToItsFleetsShare) {
  ASSERT_THAT(open(settings()), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto fleet, open_share(share()));
  ASSERT_OK_AND_ASSIGN(const auto job, open_share(job_address(share(), "migrate")));
  EXPECT_EQ(job->cluster().value(), job_cluster(fleet->cluster().value(), "migrate"));
  EXPECT_NE(job->cluster().value(), job_cluster(fleet->cluster().value(), "other"));
  std::filesystem::remove(dir_ / "share" / "FORMAT");  // the fleet's is made anew, and the job's is left
  std::filesystem::rename(dir_ / "share" / "jobs", dir_ / "jobs");
  ASSERT_OK(init_share(share()));
  std::filesystem::rename(dir_ / "jobs", dir_ / "share" / "jobs");
  EXPECT_THAT(open(settings()), FailsWith(ErrorCode::refused, "does not belong to"));
}

TEST_F(OneHostTest, AJobIsCalledAsAPartOfAPathMayBe) {
  for (const char* const name : {"", "..", "a/b", ".hidden", "a b"}) {
    OneHostSettings odd = settings();
    odd.job = name;
    EXPECT_THAT(open(odd), FailsWith(ErrorCode::refused)) << name;
  }
}

}  // namespace swarmout::test
