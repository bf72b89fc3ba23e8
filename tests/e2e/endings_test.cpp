// How a run ends that does not end by itself: hung, told to stop, killed, too late. No claim, no child and no lock is
// left over, and the next run on that host begins at once.

#include "common/base/host.hpp"
#include "common/fleet/log_entry.hpp"
#include "common/share/open_share.hpp"
#include "tests/e2e/fleet.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/syscall.h>

namespace swarmout::test {

namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

/// In the system call that a failpoint hangs in.
bool hangs(const Process& process) {
#ifdef SYS_pause
  constexpr long kPause = SYS_pause;
#else
  constexpr long kPause = SYS_ppoll;
#endif
  const auto call = read_file(Path("/proc") / std::to_string(process.pid()) / "syscall", kKiB).value_or("");
  return call.starts_with(std::to_string(kPause) + ' ');
}

class Endings : public testing::Test {
protected:
  void SetUp() override {
    write_file(tree() / "one", "content");
    write_file(tree() / "two", "content");
  }
  Path tree() const { return fleet_.scratch("source"); }
  std::string source() const { return fleet_.counted_source(tree()); }
  /// An export that begins and never ends, unless `go` is there. It tells its process number.
  std::string hanging_source() const {
    return "tar:[ -e '" + go().native() + "' ] || { echo $$ > '" + fleet_.scratch("pid").native() +
           "'; exec sleep 600; }; tar -C '" + tree().native() + "' -cf - .";
  }
  Path go() const { return fleet_.scratch("go"); }
  bool export_began() const {
    return wait_for([&] { return export_pid() > 0; });
  }
  int export_pid() const { return std::atoi(read_file(fleet_.scratch("pid"), kKiB).value_or("0").c_str()); }
  bool export_ended() const {
    return wait_for([&] { return ::kill(export_pid(), 0) != 0; }, seconds(10));
  }
  LogEntry last_entry() const {
    const auto share = open_share(fleet_.url());
    return decode_entry((*share)->read((*share)->tail({}).value()).value().value(), fleet_.trusted()).value();
  }
  bool no_cells() const {
    return list_directory(fleet_.share() / "stage")->empty() && list_directory(fleet_.share() / "hb")->empty();
  }

  Fleet fleet_;
};

}  // namespace

TEST_F(Endings, ALeaderWhoseExportHangsEndsWithItAndItsHostLeadsAgain) {
  Process hung = fleet_.seed(1, hanging_source(), {"--slot", "one", "--stall-timeout", "1s"});
  ASSERT_TRUE(export_began());
  write_file(go(), "");

  EXPECT_EQ(hung.wait(seconds(30)), 75) << hung.err();

  EXPECT_THAT(hung.err(), HasSubstr("nothing has moved"));
  EXPECT_TRUE(export_ended());
  EXPECT_EQ(last_entry().kind, EntryKind::abandon);
  Process next = fleet_.seed(1, hanging_source(), {"--slot", "two", "--linger", "0s"});
  EXPECT_EQ(next.wait(), 0) << next.err();
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
}

TEST_F(Endings, ALeaderThatWasPassedEndsAlthoughItsExportHangs) {
  Process passed = fleet_.seed(1, hanging_source(), {"--slot", "s"});
  ASSERT_TRUE(export_began());

  const Finished abandoned = fleet_.command({"abandon", "1", "--force", "--share", fleet_.url()});
  ASSERT_EQ(abandoned.status, 0) << abandoned.err;

  EXPECT_EQ(passed.wait(seconds(30)), 75);
  EXPECT_THAT(passed.err(), HasSubstr("FENCED: epoch 1 was abandoned"));
  EXPECT_TRUE(export_ended());
}

TEST_F(Endings, TheRunTimeBoundsTheExportToo) {
  Process late = fleet_.seed(1, hanging_source(), {"--slot", "s", "--max-runtime", "1s"});

  EXPECT_EQ(late.wait(seconds(30)), 75);

  EXPECT_THAT(late.err(), HasSubstr("--max-runtime"));
  EXPECT_TRUE(export_ended());
  EXPECT_EQ(last_entry().kind, EntryKind::abandon);
}

TEST_F(Endings, ALeaderThatIsToldToStopSaysSoAtOnce) {
  for (const int signal : {SIGTERM, SIGINT}) {
    std::filesystem::remove(fleet_.scratch("pid"));
    Process leader = fleet_.seed(1, hanging_source(), {"--hold-off", "0s"});
    ASSERT_TRUE(export_began());
    const auto asked = std::chrono::steady_clock::now();

    leader.signal(signal);

    EXPECT_EQ(leader.wait(seconds(30)), 75);
    EXPECT_LT(std::chrono::steady_clock::now() - asked, seconds(10));
    EXPECT_EQ(last_entry().kind, EntryKind::abandon);
    EXPECT_TRUE(export_ended());
    EXPECT_TRUE(no_cells());
  }
}

TEST_F(Endings, AProcessThatCannotBeToldIsEndedAndItsClaimAbandoned) {
  Process stuck = fleet_.seed(1, source(), {"--slot", "s"}, {{"SWARMOUT_FAILPOINT", "after-export:hang"}});
  ASSERT_TRUE(wait_for([&] { return hangs(stuck); }));

  stuck.signal(SIGTERM);

  ASSERT_TRUE(wait_for([&] { return last_entry().kind == EntryKind::abandon; }, seconds(10)));
  EXPECT_EQ(stuck.wait(seconds(30)), 75);
  EXPECT_THAT(stuck.err(), HasSubstr("hangs while exporting"));
}

TEST_F(Endings, AfterAKilledLeaderItsOwnHostNeedsNotWaitForSilence) {
  Process doomed =
      fleet_.seed(1, source(), {"--slot", "s", "--heartbeat", "1m"}, {{"SWARMOUT_FAILPOINT", "after-stage:kill"}});
  ASSERT_EQ(doomed.wait(), 128 + SIGKILL);

  Process next = fleet_.seed(1, source(), {"--slot", "s", "--heartbeat", "1m", "--linger", "0s"});

  EXPECT_EQ(next.wait(seconds(60)), 0) << "six looks of a minute each would have been too long: " << next.err();
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
}

TEST_F(Endings, ALockThatIsHeldForLongerThanAPeriodIsTrouble) {
  Process hung = fleet_.seed(1, hanging_source(), {"--slot", "s"});
  ASSERT_TRUE(export_began());

  Process young = fleet_.seed(1, source(), {"--slot", "t", "--hold-off", "1h"});
  EXPECT_EQ(young.wait(), 0);
  EXPECT_EQ(young.err(), "");
  Process late = fleet_.seed(1, source(), {"--slot", "t", "--hold-off", "1ms"});
  EXPECT_EQ(late.wait(), 75);
  EXPECT_THAT(late.err(), HasSubstr("process " + std::to_string(hung.pid())));
  EXPECT_THAT(late.err(), HasSubstr("slot s, exporting"));
  Process again = fleet_.seed(1, source(), {"--slot", "t", "--hold-off", "1ms"});
  EXPECT_EQ(again.wait(), 75);
  EXPECT_EQ(again.err(), "") << "said once";
}

TEST_F(Endings, AFleetOfOneTriesAgainWhatFailed) {
  const std::string fails_once = "tar:[ -e '" + go().native() + "' ] || { touch '" + go().native() +
                                 "'; exit 3; }; tar -C '" + tree().native() + "' -cf - .";

  Process run = fleet_.seed(1, fails_once, {"--slot", "s", "--retry-wait", "100ms", "--linger", "0s"});

  EXPECT_EQ(run.wait(), 0) << run.err();
  EXPECT_EQ(fleet_.entries("ABANDON"), 1);
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
}

TEST_F(Endings, ButNotForEver) {
  Process run = fleet_.seed(1, "tar:echo ran >> '" + fleet_.scratch("invocations").native() + "'; exit 3",
                            {"--slot", "s", "--retry-wait", "100ms", "--max-attempts", "3"});

  EXPECT_EQ(run.wait(), 1);
  EXPECT_EQ(fleet_.invocations(), 3);
  EXPECT_EQ(fleet_.entries("ABANDON"), 3);
}

TEST_F(Endings, WhoJoinsAfterThePublicationHasItsFirstPieceAtOnce) {
  Process leader = fleet_.seed(1, source(), {"--slot", "s", "--heartbeat", "10s", "--linger", "1m"});
  ASSERT_TRUE(wait_for([&] { return fleet_.entries("COMMIT") == 1; }));

  const auto joiner = fleet_.peer(2);

  ASSERT_TRUE(wait_for([&] {
    const auto peers = fleet_.status()["peers"];
    return peers.size() == 1 && peers[0]["first_piece_seconds"].is_number();
  }));
  EXPECT_LT(fleet_.status()["peers"][0]["first_piece_seconds"].get<double>(), 2.0);
  EXPECT_EQ(leader.wait(), 0) << leader.err();
}

TEST_F(Endings, ASourceThatIsEmptyOrLostMoreThanHalfDoesNotReachAnybody) {
  write_file(tree() / "three", "content");
  ASSERT_EQ(fleet_.seed(1, "dir:" + tree().native(), {"--slot", "1", "--linger", "0s"}).wait(), 0);
  std::filesystem::remove(tree() / "two");
  std::filesystem::remove(tree() / "three");

  Process shrunk = fleet_.seed(1, "dir:" + tree().native(), {"--slot", "2", "--linger", "0s"});
  EXPECT_EQ(shrunk.wait(), 65);
  EXPECT_THAT(shrunk.err(), HasSubstr("--allow-shrink"));
  EXPECT_EQ(fleet_.seed(1, "dir:" + tree().native(), {"--slot", "3", "--linger", "0s", "--allow-shrink"}).wait(), 0);
  std::filesystem::remove(tree() / "one");
  Process empty = fleet_.seed(1, "dir:" + tree().native(), {"--slot", "4", "--linger", "0s"});
  EXPECT_EQ(empty.wait(), 65);
  EXPECT_THAT(empty.err(), HasSubstr("--allow-empty"));
  EXPECT_EQ(fleet_.seed(1, "dir:" + tree().native(), {"--slot", "5", "--linger", "0s", "--allow-empty"}).wait(), 0);
}

}  // namespace swarmout::test
