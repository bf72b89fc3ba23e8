// A hundred hosts in the same instant, on a directory, again and again.
//
// SWARMOUT_NEMESIS_ROUNDS=N makes it longer.

#include "common/fleet/log_reader.hpp"
#include "common/share/open_share.hpp"
#include "seeder/election/election.hpp"
#include "seeder/election/publish.hpp"
#include "tests/nemesis/history.hpp"
#include "tests/nemesis/nemesis_settings.hpp"
#include "tests/seeder/election/log_text.hpp"
#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>

#include <barrier>
#include <thread>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

constexpr int kContenders = 100;

/// Sleeps are short, so that a round is.
class HastyClock final : public Clock {
public:
  MonotonicTime now() const override { return system_clock().now(); }
  WallTime wall() const override { return system_clock().wall(); }
  bool sleep(std::chrono::nanoseconds, std::stop_token stop) override { return system_clock().sleep(5ms, stop); }
};

}  // namespace

TEST(Contenders, OfAHundredAtOnceOneWinsEachRound) {
  TempDir directory;
  const std::string url = directory / "share";
  ASSERT_THAT(init_share(url), IsOk());
  std::barrier line(kContenders);
  std::atomic<int> published{0};
  std::atomic<int> failed{0};
  const int last = static_cast<int>(number_from_environment("SWARMOUT_NEMESIS_ROUNDS", 200));
  {
    std::vector<std::jthread> hosts;
    for (int host = 0; host < kContenders; ++host) {
      hosts.emplace_back([&] {
        const auto share = open_share(url);
        failed += share ? 0 : 1;
        HastyClock clock;
        ElectionSettings settings;
        settings.splay = 0ms;
        settings.stale_checks = 1'000'000;  // nobody dies here
        settings.wait = true;
        for (int round = 1; round <= last; ++round) {
          line.arrive_and_wait();
          if (!share) {
            continue;
          }
          settings.slot = std::to_string(round);
          LogReader log(**share, fleet_trust());
          const auto outcome = elect(**share, log, clock, fleet_key(), settings, {});
          failed += outcome ? 0 : 1;
          if (const auto* const mine = outcome ? std::get_if<Leadership>(&*outcome) : nullptr) {
            const auto done = publish({**share, clock, fleet_keys()}, *mine,
                                      OtherHost::made_up(mine->claim.next(), settings.slot), 60s);
            published += done && std::holds_alternative<Published>(*done) ? 1 : 0;
          }
        }
      });
    }
  }
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(published, last) << "one winner each round";

  const auto share = open_share(url);
  ASSERT_THAT(share, IsOk());
  History history;
  history.entries = entries_of(**share);
  history.author_of = [](const LogEntry& entry) { return entry.owner; };
  history.complete = [](const LogEntry&) { return true; };
  history.last_slot = std::to_string(last);
  const Findings findings = check(history);
  EXPECT_THAT(findings.violations, testing::IsEmpty());
  EXPECT_EQ(findings.commits, static_cast<std::size_t>(last));
  EXPECT_EQ(history.entries.size(), 2U * static_cast<std::size_t>(last)) << "a CLAIM and a COMMIT each, nothing else";
}

}  // namespace swarmout::test
