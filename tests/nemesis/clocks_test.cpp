// Real hosts whose clocks are wrong by years, each in its own way, and jump. Debian's package faketime.

#include "tests/e2e/fleet.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <thread>

namespace swarmout::test {

namespace {

using ::testing::IsEmpty;

/// The library, of whatever architecture; empty: it is not installed.
std::string libfaketime() {
  for (const auto& directory : std::filesystem::directory_iterator("/usr/lib")) {
    const Path library = directory.path() / "faketime/libfaketime.so.1";
    if (path_exists(library)) {
      return library;
    }
  }
  return "";
}

class WrongClocks : public testing::Test {
protected:
  void SetUp() override {
    if (libfaketime().empty()) {
      GTEST_SKIP() << "faketime is not installed";
    }
    make_awkward_tree(fleet_.scratch("source"));
    source_ = fleet_.counted_source(fleet_.scratch("source"));
  }
  /// A run on a host whose clock is `offset` ahead, as faketime(1) has it. The time that passes stays, and that of
  /// files.
  Process seed(int host, const std::string& offset, const Fleet::Options& more) {
    return seed(host, source_, more, {{"FAKETIME", offset}});
  }
  Process seed(int host, const std::string& source, const Fleet::Options& more, const Fleet::Environment& clock) {
    Fleet::Environment environment{
        {"LD_PRELOAD", libfaketime()}, {"FAKETIME_DONT_FAKE_MONOTONIC", "1"}, {"NO_FAKE_STAT", "1"}};
    environment.insert(environment.end(), clock.begin(), clock.end());
    Fleet::Options options{"--linger", "0s"};
    options.insert(options.end(), more.begin(), more.end());
    return fleet_.seed(host, source, options, environment);
  }

  Fleet fleet_;
  std::string source_;
};

}  // namespace

TEST_F(WrongClocks, HostsThatAreYearsApartAgreeOnTheSlotBecauseTheShareHasAClock) {
  const std::string offsets[] = {"-4000d", "-400d", "-3d", "+0", "+3d", "+400d", "+4000d"};
  std::vector<Process> seeds;
  for (const std::string& offset : offsets) {
    seeds.push_back(seed(static_cast<int>(seeds.size()) + 1, offset, {"--period", "8760h"}));
  }
  for (Process& each : seeds) {
    EXPECT_EQ(each.wait(), 0) << each.err();
    EXPECT_THAT(each.out() + each.err(), IsEmpty()) << "cron would mail that";
  }
  EXPECT_EQ(fleet_.entries("CLAIM"), 1);
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
  EXPECT_EQ(fleet_.invocations(), 1);
}

TEST_F(WrongClocks, ALivingLeaderIsLeftAloneHoweverOldItsEntriesLook) {
  const Path go = fleet_.scratch("go");
  const std::string slow = "tar:while [ ! -e '" + go.native() + "' ]; do sleep 0.05; done; tar -C '" +
                           fleet_.scratch("source").native() + "' -cf - .";
  Process leader = seed(1, slow, {"--slot", "s"}, {{"FAKETIME", "-4000d"}});
  ASSERT_TRUE(wait_for([&] { return fleet_.entries("CLAIM") == 1; }));
  Process other = seed(2, "+4000d", {"--slot", "s", "--heartbeat", "300ms", "--deputies", "0"});
  EXPECT_EQ(other.wait(), 0) << other.err();
  write_file(go, "");
  EXPECT_EQ(leader.wait(), 0) << leader.err();
  EXPECT_EQ(fleet_.entries("CLAIM"), 1);
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
}

TEST_F(WrongClocks, ADeadLeaderIsTakenOverHoweverYoungItsEntriesLook) {
  Process doomed =
      seed(1, source_, {"--slot", "s"}, {{"FAKETIME", "+4000d"}, {"SWARMOUT_FAILPOINT", "after-export:kill"}});
  ASSERT_EQ(doomed.wait(), 128 + SIGKILL);
  Process successor = seed(2, "-4000d", {"--slot", "s", "--wait"});
  EXPECT_EQ(successor.wait(), 0) << successor.err();
  EXPECT_EQ(fleet_.entries("CLAIM"), 2);
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
}

TEST_F(WrongClocks, AClockThatJumpsWhileItWatchesMakesNobodyDead) {
  const Path offset = fleet_.scratch("offset");
  const Path go = fleet_.scratch("go");
  const std::string slow = "tar:while [ ! -e '" + go.native() + "' ]; do sleep 0.05; done; tar -C '" +
                           fleet_.scratch("source").native() + "' -cf - .";
  Process leader = fleet_.seed(1, slow, {"--slot", "s", "--linger", "0s"});
  ASSERT_TRUE(wait_for([&] { return fleet_.entries("CLAIM") == 1; }));
  write_file(offset, "+0");
  Process observer = seed(2, source_, {"--slot", "s", "--wait", "--heartbeat", "300ms"},
                          {{"FAKETIME_TIMESTAMP_FILE", offset}, {"FAKETIME_NO_CACHE", "1"}});
  for (const char* const each : {"+10d", "-10d", "+1h", "-4000d", "+0"}) {
    std::this_thread::sleep_for(std::chrono::milliseconds(400));  // between two looks
    EXPECT_TRUE(replace_file(offset, as_bytes(std::string_view(each))));
  }
  write_file(go, "");
  EXPECT_EQ(leader.wait(), 0) << leader.err();
  EXPECT_EQ(observer.wait(), 0) << observer.err();
  EXPECT_EQ(fleet_.entries("CLAIM"), 1);
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
}

}  // namespace swarmout::test
