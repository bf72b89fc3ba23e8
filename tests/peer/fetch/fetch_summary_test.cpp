#include "peer/fetch/fetch_summary.hpp"

#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

RetrievalGoal summary_goal(std::vector<Bytes> deltas, std::string why_packs = "") {
  RetrievalGoal goal;
  goal.release.descriptor.position = {42};
  goal.release.descriptor.revision = "r42";
  goal.release.descriptor.packed_size = 16 * kMiB;
  goal.release.descriptor.files = 120;
  for (const Bytes size : deltas) {
    DeltaStep step;
    step.release.delta = {{}, {}, size, size, 3};
    goal.deltas.push_back(std::move(step));
  }
  goal.why_packs = std::move(why_packs);
  return goal;
}

}  // namespace

TEST(FetchBeginning, SaysByWhichWayAndWhyInPacks) {
  EXPECT_EQ(fetch_beginning(summary_goal({612})),
            "release 42: fetching r42 (16.0 MiB packed, 120 files) by a delta of 612 bytes");
  EXPECT_EQ(fetch_beginning(summary_goal({612, 3 * kKiB})),
            "release 42: fetching r42 (16.0 MiB packed, 120 files) by 2 deltas of 3.6 KiB");
  EXPECT_EQ(fetch_beginning(summary_goal({})), "release 42: fetching r42 (16.0 MiB packed, 120 files) in packs");
  EXPECT_EQ(fetch_beginning(summary_goal({}, "nothing is here yet")),
            "release 42: fetching r42 (16.0 MiB packed, 120 files) in packs: nothing is here yet");
}

TEST(SizeText, IsInTheUnitThatPeopleWouldTake) {
  EXPECT_EQ(size_text(0), "0 bytes");
  EXPECT_EQ(size_text(1023), "1023 bytes");
  EXPECT_EQ(size_text(kKiB), "1.0 KiB");
  EXPECT_EQ(size_text(3200), "3.1 KiB");
  EXPECT_EQ(size_text(16 * kMiB), "16.0 MiB");
}

}  // namespace swarmout::test
