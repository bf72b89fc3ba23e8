#include "common/share/helper/process_stat.hpp"

#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/wait_for.hpp"

#include <gtest/gtest.h>
#include <signal.h>

namespace swarmout::test {

namespace {

/// For as many looks, some milliseconds apart.
int looks_that_get_on(ProcessProgress& progress, int looks) {
  int count = 0;
  for (int look = 0; look < looks; ++look) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    count += progress.gets_on() ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST(ProcessStatTest, ReadsStateFaultsAndProcessorTime) {
  const auto stat = parse_process_stat(
      "37 (cat) D 1 37 37 0 -1 4194304 101 0 7 0 11 13 0 0 20 0 1 0 4242 5000000 300 184467 1 1 0\n");

  ASSERT_TRUE(stat);
  EXPECT_EQ(*stat, (ProcessStat{'D', 108, 24}));
}

TEST(ProcessStatTest, ACommandMayBeCalledAnything) {
  const auto stat = parse_process_stat("37 (a) R (b) S 1 37 37 0 -1 4194304 1 0 2 0 3 4 0 0 20 0 1 0 4242 5 3 1 1 1 0");

  ASSERT_TRUE(stat);
  EXPECT_EQ(*stat, (ProcessStat{'S', 3, 7}));
}

TEST(ProcessStatTest, WhatIsNoLineOfItIsNone) {
  for (const char* const text : {"", "37", "37 (cat)", "37 (cat) D 1 2 3", "no line at all"}) {
    EXPECT_FALSE(parse_process_stat(text)) << text;
  }
}

TEST(ProcessStatTest, AProcessThatIsGoneHasNone) {
  TempDir dir;
  Process process({{"true"}, {}}, dir / "log");
  process.wait();

  EXPECT_FALSE(process_stat(process.pid()));
}

TEST(ProcessProgressTest, OneThatComputesGetsOn) {
  TempDir dir;
  const Process process({{"sh", "-c", "while :; do :; done"}, {}}, dir / "log");
  ProcessProgress progress(process.pid());

  EXPECT_GT(looks_that_get_on(progress, 20), 10);
}

TEST(ProcessProgressTest, OneThatWaitsForSomethingElseDoesNot) {
  TempDir dir;
  const Process process({{"sleep", "1000"}, {}}, dir / "log");
  ProcessProgress progress(process.pid());

  EXPECT_TRUE(wait_for([&] { return looks_that_get_on(progress, 20) == 0; })) << "once it has started";
}

TEST(ProcessProgressTest, OneThatIsStoppedDoesNot) {
  TempDir dir;
  const Process process({{"sh", "-c", "while :; do :; done"}, {}}, dir / "log");
  process.signal(SIGSTOP);
  ProcessProgress progress(process.pid());

  EXPECT_TRUE(wait_for([&] { return looks_that_get_on(progress, 20) == 0; }));
}

TEST(ProcessProgressTest, ProcessorTimeIsKnownWithoutProc) {
  TempDir dir;
  Process process({{"sh", "-c", "while :; do :; done"}, {}}, dir / "log");

  const auto before = processor_time(process.pid());
  ASSERT_TRUE(before);
  EXPECT_TRUE(wait_for([&] { return processor_time(process.pid()) > before; }));
  process.signal(SIGKILL);
  process.wait();
  EXPECT_FALSE(processor_time(process.pid()));
}

}  // namespace swarmout::test
