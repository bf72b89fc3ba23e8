// An operator ends the claim of a leader that is gone.

#include "tests/e2e/fleet.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;

class Abandon : public testing::Test {
protected:
  void SetUp() override { write_file(fleet_.scratch("source") / "file", "content"); }
  std::string source() const { return "dir:" + fleet_.scratch("source").native(); }
  Finished abandon(const std::string& position, const Fleet::Options& more = {}) {
    Fleet::Options arguments{"abandon", position, "--share", fleet_.url(), "--heartbeat", "100ms"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return fleet_.command(arguments);
  }
  void leave_a_dead_leader() {
    Process leader = fleet_.seed(1, source(), {"--slot", "s"}, {{"SWARMOUT_FAILPOINT", "after-elected:kill"}});
    ASSERT_EQ(leader.wait(), 128 + SIGKILL);
    ASSERT_EQ(fleet_.entries("CLAIM"), 1);
  }

  Fleet fleet_;
};

}  // namespace

TEST_F(Abandon, EndsTheClaimOfADeadLeaderAndTheNextRunPublishesAtOnce) {
  leave_a_dead_leader();

  const Finished done = abandon("1");

  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("epoch 1"));
  EXPECT_EQ(fleet_.entries("ABANDON"), 1);
  // With a heartbeat of a minute, nobody would take over from a silent leader in the time of this test.
  Process next = fleet_.seed(2, source(), {"--slot", "s", "--linger", "0s", "--heartbeat", "60s"});
  EXPECT_EQ(next.wait(), 0) << next.err();
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
}

TEST_F(Abandon, RefusesWhatHasEndedAndSaysHow) {
  leave_a_dead_leader();
  ASSERT_EQ(abandon("1").status, 0);
  EXPECT_EQ(fleet_.seed(2, source(), {"--slot", "s", "--linger", "0s"}).wait(), 0);  // 3: CLAIM, 4: COMMIT

  const Finished abandoned = abandon("1");
  EXPECT_EQ(abandoned.status, 64);
  EXPECT_THAT(abandoned.err, HasSubstr("abandoned already"));
  const Finished committed = abandon("3");
  EXPECT_EQ(committed.status, 64);
  EXPECT_THAT(committed.err, HasSubstr("was committed"));
  EXPECT_THAT(abandon("2").err, HasSubstr("is an ABANDON already"));
  const Finished release = abandon("4");
  EXPECT_EQ(release.status, 64);
  EXPECT_THAT(release.err, HasSubstr("is a COMMIT"));
  EXPECT_EQ(fleet_.entries("ABANDON"), 1);
}

TEST_F(Abandon, AnEntryThatIsNotThereIs66) {
  EXPECT_EQ(abandon("1").status, 66);
  EXPECT_EQ(abandon("0").status, 64);
  EXPECT_EQ(abandon("one").status, 64);
  EXPECT_EQ(abandon("1", {"--heartbeat", "0"}).status, 64) << "that would not look at the leader at all";
}

TEST_F(Abandon, ALiveLeaderIsLeftAloneUnlessForced) {
  Process leader = fleet_.seed(1, "tar:sleep 100", {"--slot", "s"});
  ASSERT_TRUE(wait_for([&] { return !fleet_.status()["leader"].is_null(); }));

  // A beat of 100 ms, watched for 3 s: alive, however busy this machine is.
  const Finished refused = abandon("1", {"--heartbeat", "1s"});
  EXPECT_EQ(refused.status, 75) << refused.out;
  EXPECT_THAT(refused.err, HasSubstr("is alive"));
  EXPECT_EQ(fleet_.entries("ABANDON"), 0);

  EXPECT_EQ(abandon("1", {"--force"}).status, 0);
  EXPECT_EQ(fleet_.entries("ABANDON"), 1);
  leader.signal(SIGTERM);
  EXPECT_EQ(leader.wait(), 75) << leader.err();
}

}  // namespace swarmout::test
