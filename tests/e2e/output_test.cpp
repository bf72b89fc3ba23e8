// Output that cannot be written, memory that is not there, and ways to be asked to end.

#include "tests/e2e/fleet.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// Runs the rest of the command line with a redirection of the shell's.
Fleet::Options redirected(const std::string& how) {
  return {"sh", "-c", "\"$@\" " + how, "sh"};
}

class OutputTest : public testing::Test {
protected:
  OutputTest() { write_file(fleet_.scratch("source") / "file", "content"); }

  std::string source() const { return "dir:" + fleet_.scratch("source").native(); }
  Process status_under(const Fleet::Options& wrapper, const Fleet::Options& more = {}) {
    return fleet_.command_under(wrapper, [&] {
      Fleet::Options words{"status", "--share", fleet_.url()};
      words.insert(words.end(), more.begin(), more.end());
      return words;
    }());
  }
  /// Waits until its export runs, and is asked to end by `end`.
  int ended(Process& seed, const std::function<void()>& end) {
    EXPECT_TRUE(wait_for([&] { return path_exists(fleet_.scratch("begun")); })) << seed.err();
    end();
    return seed.wait();
  }
  /// An export that never ends by itself.
  std::string endless() const { return "tar:touch '" + fleet_.scratch("begun").native() + "'; exec sleep 600"; }

  Fleet fleet_;
};

}  // namespace

TEST_F(OutputTest, ForProgramsEachLineIsAnObjectAndSoIsAnError) {
  Process seed = fleet_.seed(1, source(), {"--share", fleet_.scratch("nowhere").native(), "--log-json"});

  EXPECT_EQ(seed.wait(), 69);
  const auto object = nlohmann::json::parse(seed.err());
  EXPECT_EQ(object["level"], "warning");
  EXPECT_THAT(object["message"].get<std::string>(), HasSubstr("nowhere"));
}

TEST_F(OutputTest, StandardErrorOnAFullDiskDoesNotEndALeader) {
  Process seed = fleet_.seed_under(redirected("2>/dev/full"), 1, source(), {"-v", "--linger", "0s"});
  EXPECT_EQ(seed.wait(), 0);
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
}

TEST_F(OutputTest, StandardErrorIntoAClosedPipeDoesNotEndALeader) {
  // The shell's reader ends at once; its own status is that of the leader.
  Process seed =
      fleet_.seed_under({"bash", "-c", "\"$@\" 2> >(exit 0)", "bash"}, 1, source(), {"-v", "--linger", "0s"});
  EXPECT_EQ(seed.wait(), 0);
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
}

TEST_F(OutputTest, ClosedDescriptorsGetIntoNoFile) {
  Process seed = fleet_.seed_under(redirected("<&- >&- 2>&-"), 1, source(), {"-v", "--linger", "0s"});
  EXPECT_EQ(seed.wait(), 0);
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
  for (const auto& each : std::filesystem::recursive_directory_iterator(fleet_.state(1))) {
    if (each.is_regular_file()) {
      EXPECT_THAT(read_file(each.path(), kMiB).value_or(""), Not(HasSubstr("swarmout: "))) << each.path();
    }
  }
}

TEST_F(OutputTest, AResultThatCannotBeWrittenIsAFailure) {
  Process full = status_under(redirected(">/dev/full"));
  EXPECT_EQ(full.wait(), 73);
  EXPECT_THAT(full.err(), HasSubstr("cannot write to standard output"));
  Process closed = status_under(redirected(">&-"));
  EXPECT_EQ(closed.wait(), 73) << "not taken for written";
  EXPECT_EQ(fleet_.command_under(redirected(">/dev/full"), {"--help"}).wait(), 73);
}

TEST_F(OutputTest, AWatchWhoseReaderHasGoneEndsAsOthersDo) {
  Process watch = status_under({"bash", "-c", "\"$@\" | head -1; exit ${PIPESTATUS[0]}", "bash"}, {"--watch"});
  EXPECT_EQ(watch.wait(std::chrono::seconds(20)), 128 + SIGPIPE);
  EXPECT_THAT(watch.err(), IsEmpty());
}

TEST_F(OutputTest, TooLittleMemoryIsASentenceAndNoCore) {
  Process seed = fleet_.seed_under({"sh", "-c", "ulimit -c 0; ulimit -v 100000; exec \"$@\"", "sh"}, 1, source());
  const int status = seed.wait();
  EXPECT_LT(status, 128) << seed.err();
  EXPECT_THAT(seed.err(), testing::AnyOf(IsEmpty(), HasSubstr("swarmout: "))) << status;
}

TEST_F(OutputTest, SignalsThatComeTogetherAreOneRequest) {
  Process seed = fleet_.seed(1, endless());
  EXPECT_EQ(ended(seed,
                  [&] {
                    for (const int signal : {SIGTERM, SIGTERM, SIGINT, SIGHUP, SIGTERM}) {
                      seed.signal(signal);
                    }
                  }),
            75);
  EXPECT_EQ(fleet_.entries("ABANDON"), 1) << seed.err();
}

TEST_F(OutputTest, ASignalToTheWholeGroupLeavesTheShareInReach) {
  Process seed = fleet_.seed_under({"timeout", "600"}, 1, endless());  // it sends on to its group what it gets
  EXPECT_EQ(ended(seed, [&] { seed.signal(SIGTERM); }), 75);
  EXPECT_EQ(fleet_.entries("ABANDON"), 1) << seed.err();
}

TEST_F(OutputTest, AClosedTerminalEndsAClaimInOrder) {
  Process seed = fleet_.seed(1, endless());
  EXPECT_EQ(ended(seed, [&] { seed.signal(SIGHUP); }), 75);
  EXPECT_EQ(fleet_.entries("ABANDON"), 1) << seed.err();
}

TEST_F(OutputTest, NohupIsRespected) {
  Process seed = fleet_.seed_under({"nohup"}, 1, endless());
  EXPECT_EQ(ended(seed,
                  [&] {
                    seed.signal(SIGHUP);
                    EXPECT_FALSE(wait_for([&] { return !seed.running(); }, std::chrono::seconds(1)));
                    seed.signal(SIGTERM);
                  }),
            75);
}

TEST_F(OutputTest, WhatAParentDidToSignalsChangesNothing) {
  Process seed = fleet_.seed_under({"env", "--ignore-signal=CHLD", "--block-signal=CHLD,TERM"}, 1,
                                   fleet_.counted_source(fleet_.scratch("source")), {"--linger", "0s"});
  EXPECT_EQ(seed.wait(std::chrono::seconds(60)), 0) << seed.err();
  EXPECT_EQ(fleet_.entries("COMMIT"), 1);
}

}  // namespace swarmout::test
