// Two cron lines, ten times on twenty hosts, with what happens on a weekend. What the jobs, the export and the log have
// written says whether it was noticed.
//
// SWARMOUT_NEMESIS_SEED=N repeats the choices.

#include "tests/nemesis/weekend.hpp"

#include "tests/nemesis/nemesis_settings.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

namespace swarmout::test {

TEST(Weekend, EachSlotIsExportedOnceAndItsJobRunsOnceOnEachHostInTheReleaseOfThatSlot) {
  const std::uint64_t seed = nemesis_settings().seed;
  fmt::print("weekend: seed {}\n", seed);
  std::vector<Mishap> mishaps{Mishap::leader_killed,  Mishap::export_hangs,   Mishap::share_away,
                              Mishap::service_killed, Mishap::service_frozen, Mishap::run_killed};
  std::shuffle(mishaps.begin(), mishaps.end(), std::mt19937_64(seed));
  SCOPED_TRACE(fmt::format("seed {}", seed));
  Weekend weekend(seed);

  for (const Mishap each : mishaps) {
    weekend.slot(each);
  }
  weekend.slot(Mishap::bad_release);
  weekend.slot(Mishap::service_killed);  // it comes back to a fleet that is held
  weekend.resume();
  weekend.slot(Mishap::leader_killed);
  weekend.slot(Mishap::none);
  const WeekendBook book = weekend.end();

  EXPECT_THAT(broken_promises(book), testing::IsEmpty());
  EXPECT_EQ(weekend.refusals(), kWeekendHosts) << "each host asks its hook once, and never again";
  EXPECT_THAT(weekend.active_trees(), testing::ElementsAre(weekend.source_tree()));
  fmt::print("weekend: {} slots on {} hosts, {} jobs\n", book.slots.size(), book.hosts, book.jobs.size());
}

}  // namespace swarmout::test
