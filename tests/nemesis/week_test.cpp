// A week in fast motion: two hundred runs of cron on five hosts, with whatever goes wrong in a week drawn at random.
//
// SWARMOUT_NEMESIS_SEED=N repeats the choices, SWARMOUT_NEMESIS_SLOTS=N makes it longer.

#include "tests/nemesis/week.hpp"

#include "tests/nemesis/nemesis_settings.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

constexpr std::uint64_t kSlotsOfTheWeek = 200;
constexpr std::uint64_t kQuietEvery = 20;

}  // namespace

TEST(Week, OfKillsHangsFullDisksAndShareLossesLeavesNothingBehind) {
  const std::uint64_t seed = nemesis_settings().seed;
  const std::uint64_t slots = number_from_environment("SWARMOUT_NEMESIS_SLOTS", kSlotsOfTheWeek);
  fmt::print("week: seed {}\n", seed);
  Week week(seed);
  Bytes half = 0;
  for (std::uint64_t slot = 1; slot <= slots && !testing::Test::HasFailure(); ++slot) {
    SCOPED_TRACE(fmt::format("slot {} of seed {}", slot, seed));
    const std::string name = fmt::format("week/{}", slot);
    slot % kQuietEvery == 0 ? week.quiet_slot(name) : week.slot_with_fault(name);
    half = slot == slots / 2 ? week.disk_use() : half;
  }
  week.let_a_day_pass();
  week.quiet_slot("monday");
  const Bytes end = week.disk_use();
  week.stop_services();

  int published = 0;
  for (const auto& [slot, count] : week.publications()) {
    EXPECT_EQ(count, 1) << "slot " << slot;
    published += count;
  }
  const Leftovers left = week.leftovers();
  EXPECT_THAT(left.processes, testing::IsEmpty());
  EXPECT_THAT(left.files, testing::IsEmpty());
  EXPECT_THAT(left.locks, testing::IsEmpty());
  EXPECT_FALSE(left.open_claim);
  EXPECT_THAT(week.chatter(), testing::IsEmpty());
  EXPECT_LE(end, half + half / 2) << "what hosts keep does not grow";
  fmt::print("week: {} slots, {} faults, {} publications; {} KiB kept halfway, {} KiB at the end\n", slots,
             week.faults(), published, half / kKiB, end / kKiB);
}

}  // namespace swarmout::test
