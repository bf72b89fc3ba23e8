// A share behind a helper process, and what happens when that hangs.

#include "common/share/helper/remote_share.hpp"

#include "common/share/directory/directory_share.hpp"
#include "common/share/open_share.hpp"
#include "tests/support/programs.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

namespace swarmout::test {

namespace {

using std::chrono::milliseconds;
using Monotonic = std::chrono::steady_clock;

constexpr milliseconds kTimeout{3000};  // time enough to start the helper, also when it is sanitized and others work

/// A share in which some names can be made to block whoever opens them, as a server that is away does: a helper stops
/// at a FIFO.
class HangingShare : public testing::Test {
protected:
  void SetUp() override {
    ::setenv("SWARMOUT_FAILPOINT", "fifo-on-share:stop", 1);
    ASSERT_THAT(init_share(root_.native()), IsOk());
  }
  void TearDown() override { ::unsetenv("SWARMOUT_FAILPOINT"); }

  std::unique_ptr<Share> open(milliseconds timeout = kTimeout, std::stop_token stop = {}) {
    auto opened = RemoteShare::open(program_with_failpoints(), root_, timeout, std::move(stop));
    EXPECT_THAT(opened, IsOk());
    return opened ? *std::move(opened) : nullptr;
  }
  void hang(const char* name) const { ASSERT_EQ(::mkfifo((root_ / name).c_str(), 0644), 0); }
  void mend(const char* name) const { std::filesystem::remove(root_ / name); }

  TempDir temp_;
  Path root_ = temp_ / "share";
};

int children() {
  int count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    const std::string all = read_file(task.path() / "children", 64 * kKiB).value_or("");
    count += static_cast<int>(std::count(all.begin(), all.end(), ' '));
  }
  return count;
}

}  // namespace

TEST_F(HangingShare, ACallThatGetsNoAnswerIsTemporaryAndNamesTheShare) {
  const auto share = open();
  hang("hb/a");

  const auto found = share->read_cell(CellKind::heartbeat, "a");

  EXPECT_THAT(found, FailsWith(ErrorCode::temporary, root_.native() + " does not answer"));
}

TEST_F(HangingShare, AHelperThatGetsNoProcessorForLongerThanTheTimeoutIsWaitedFor) {
  // It computes for twice as long before it becomes the helper, as one does that shares a processor with many others.
  const auto seconds = std::to_string(2 * std::chrono::duration_cast<std::chrono::seconds>(kTimeout).count());
  write_file(temp_ / "slow", "#!/bin/bash\nwhile [ $SECONDS -lt " + seconds + " ]; do :; done; exec " +
                                 program_with_failpoints() + " \"$@\"\n");
  ASSERT_EQ(::chmod((temp_ / "slow").c_str(), 0755), 0);

  EXPECT_THAT(RemoteShare::open(temp_ / "slow", root_, kTimeout, {}), IsOk());
}

TEST_F(HangingShare, APutThatGetsNoAnswerIsUnknown) {
  const auto share = open();
  hang("log/00000001");

  EXPECT_EQ(share->put(Position{1}, "entry").outcome, PutOutcome::unknown);
}

TEST_F(HangingShare, WorksAgainWhenTheServerIsBack) {
  const auto share = open();
  hang("hb/a");
  ASSERT_THAT(share->read_cell(CellKind::heartbeat, "a"), FailsWith(ErrorCode::temporary));
  mend("hb/a");

  EXPECT_TRUE(wait_for([&] { return share->write_cell(CellKind::heartbeat, "a", "value").has_value(); }));
  EXPECT_EQ(share->read_cell(CellKind::heartbeat, "a").value()->bytes, "value");
}

TEST_F(HangingShare, RightAfterACallWithoutAnAnswerNobodyWaitsAgain) {
  const auto share = open();
  hang("hb/a");
  ASSERT_THAT(share->read_cell(CellKind::heartbeat, "a"), FailsWith(ErrorCode::temporary));

  const auto begun = Monotonic::now();
  EXPECT_THAT(share->read_cell(CellKind::heartbeat, "b"), FailsWith(ErrorCode::temporary, "does not answer"));

  EXPECT_LT(Monotonic::now() - begun, kTimeout);
}

TEST_F(HangingShare, AHelperThatIsGivenUpIsGoneWhenItCanBe) {
  {
    const auto share = open();
    hang("hb/a");
    ASSERT_THAT(share->read_cell(CellKind::heartbeat, "a"), FailsWith(ErrorCode::temporary));
  }
  EXPECT_TRUE(wait_for([] { return children() == 0; }));
}

TEST_F(HangingShare, AFormatThatCannotBeReadIsTemporary) {
  mend("FORMAT");
  hang("FORMAT");

  EXPECT_THAT(RemoteShare::open(program_with_failpoints(), root_, kTimeout, {}),
              FailsWith(ErrorCode::temporary, "does not answer"));
}

TEST_F(HangingShare, MakingAShareOnItIsTemporary) {
  mend("FORMAT");
  hang("FORMAT");
  ShareAddress address(root_.native());
  address.helper = program_with_failpoints();
  address.timeout = kTimeout;

  EXPECT_THAT(init_share(address), FailsWith(ErrorCode::temporary, "does not answer"));
}

TEST_F(HangingShare, AfterAStopNobodyWaitsForTheTimeout) {
  std::stop_source stop;
  const auto share = open(std::chrono::minutes(10), stop.get_token());
  hang("hb/a");
  std::jthread stopper([&] {
    std::this_thread::sleep_for(milliseconds(50));
    stop.request_stop();
  });

  EXPECT_THAT(share->read_cell(CellKind::heartbeat, "a"), FailsWith(ErrorCode::temporary, "stopped on request"));
}

TEST_F(HangingShare, AfterAStopAShareThatAnswersStillWorks) {
  std::stop_source stop;
  const auto share = open(kTimeout, stop.get_token());
  stop.request_stop();

  EXPECT_EQ(share->put(Position{1}, "the last word").outcome, PutOutcome::won);
  EXPECT_THAT(share->remove_cell(CellKind::heartbeat, "a"), IsOk());
}

TEST_F(HangingShare, AShareThatWasNeverInitialisedIsUnavailable) {
  mend("FORMAT");

  EXPECT_THAT(RemoteShare::open(program_with_failpoints(), root_, kTimeout, {}),
              FailsWith(ErrorCode::unavailable, "swarmout init"));
}

TEST_F(HangingShare, AProgramThatIsNoHelperIsAnError) {
  EXPECT_THAT(RemoteShare::open("/bin/true", root_, kTimeout, {}), FailsWith(ErrorCode::temporary, "has ended"));
  EXPECT_THAT(RemoteShare::open("/no/such/program", root_, kTimeout, {}), FailsWith(ErrorCode::failed, "/no/such"));
}

}  // namespace swarmout::test
