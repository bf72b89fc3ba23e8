// Many runs of many hosts on a share that fails by chance, in every way that network file systems do; hosts die and are
// paused at any step. Then: does the history hold?
//
// SWARMOUT_NEMESIS_SEED=N repeats the faults of a run, SWARMOUT_NEMESIS_SECONDS=N makes it longer.

#include "common/fleet/leader_record.hpp"
#include "common/fleet/log_reader.hpp"
#include "seeder/election/election.hpp"
#include "seeder/election/publish.hpp"
#include "tests/nemesis/faulty_share.hpp"
#include "tests/nemesis/history.hpp"
#include "tests/nemesis/nemesis_settings.hpp"
#include "tests/seeder/election/log_text.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/memory_share.hpp"

#include <gmock/gmock.h>

#include <thread>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using End = HostRun::End;

constexpr int kHosts = 8;
constexpr int kSlots = 6;

/// Time passes only by sleeping, but others get their turn.
class SharedClock final : public Clock {
public:
  explicit SharedClock(std::chrono::seconds skew) { clock_.set_wall(clock_.wall() + skew); }
  MonotonicTime now() const override { return clock_.now(); }
  WallTime wall() const override { return clock_.wall(); }
  bool sleep(std::chrono::nanoseconds duration, std::stop_token stop) override {
    std::this_thread::yield();
    return clock_.sleep(duration, std::move(stop));
  }

private:
  FakeClock clock_;
};

/// One host's run for one slot, with faults.
class Host {
public:
  Host(const std::shared_ptr<MemoryShareState>& state, std::uint64_t seed, std::atomic<std::size_t>& injected)
      : random_(seed),
        clock_(std::chrono::seconds(static_cast<int>(random_() % 2'000'000) - 1'000'000)),
        injected_(injected),
        share_(std::make_unique<MemoryShare>(state), random_(), {}, injected) {}

  HostRun run(const std::string& slot) {
    run_.slot = slot;
    ElectionSettings settings;
    settings.slot = slot;
    settings.max_attempts = 1000;
    settings.wait = random_() % 4 == 0;
    LogReader log(share_, fleet_trust());
    const auto outcome = elect(share_, log, clock_, fleet_key(), settings, {});
    if (!outcome) {
      run_.end = End::unknown;
      run_.status = static_cast<int>(outcome.error().code);
    } else if (const auto* const leadership = std::get_if<Leadership>(&*outcome)) {
      run_.author = leadership->owner;
      lead(*leadership, log);
    }
    return run_;
  }

private:
  bool dies() {
    const bool dead = random_() % 10 == 0;
    injected_ += dead ? 1 : 0;
    return dead;
  }
  void lead(const Leadership& leadership, LogReader& log) {
    run_.end = End::died;
    const auto view = log.refresh_with_slots();
    if (!view || (*view)->tail() != leadership.claim || (*view)->commit_of(leadership.slot) != nullptr) {
      give_up(leadership);
      return;
    }
    const unsigned steps = random_() % 200;  // short: nobody notices; long without a beat: it is taken over
    const bool paused = random_() % 5 == 0;
    injected_ += paused ? 1 : 0;
    for (unsigned step = 0; step < steps; ++step) {
      HeartbeatInfo info;
      info.claim = {leadership.claim, leadership.owner};
      info.time = clock_.wall();
      info.counter = step;
      if (!paused) {
        [[maybe_unused]] const auto beat =
            share_.write_cell(CellKind::heartbeat, claim_cell(leadership.claim, leadership.owner), encode(info));
      }
      std::this_thread::yield();
      if (step % 20 == 0 && dies()) {
        return;
      }
    }
    if (random_() % 10 == 0) {
      give_up(leadership);
      return;
    }
    finish(leadership);
  }
  void give_up(const Leadership& leadership) {
    [[maybe_unused]] const auto ended = abandon({share_, clock_, fleet_keys()}, leadership, "the work failed", 10s);
    run_.end = End::failed;
  }
  void finish(const Leadership& leadership) {
    const SignedDescriptor release = OtherHost::made_up(leadership.claim.next(), "r" + leadership.slot);
    const auto blob = share_.write_blob(torrent_blob(release.descriptor), "torrent");
    if (!blob) {
      give_up(leadership);
      return;
    }
    const auto outcome = publish({share_, clock_, fleet_keys()}, leadership, release, 5s);
    run_.end = !outcome ? End::unknown : std::holds_alternative<Published>(*outcome) ? End::published : End::fenced;
  }

  std::mt19937_64 random_;
  SharedClock clock_;
  std::atomic<std::size_t>& injected_;
  FaultyShare share_;
  HostRun run_;
};

/// A log, some slots, many hosts for each; at the end one undisturbed run.
History world(std::uint64_t seed, std::atomic<std::size_t>& injected) {
  const auto state = std::make_shared<MemoryShareState>();
  std::mt19937_64 random(seed);
  History history;
  std::mutex mutex;
  for (int slot = 1; slot <= kSlots; ++slot) {
    std::vector<std::jthread> hosts;
    for (int i = 0; i < kHosts; ++i) {
      const std::string mine = std::to_string(random() % 4 == 0 ? std::max(slot - 1, 1) : slot);  // some come late
      hosts.emplace_back([&, mine, each = random()] {
        HostRun run = Host(state, each, injected).run(mine);
        const std::lock_guard lock(mutex);
        history.runs.push_back(std::move(run));
      });
    }
  }
  MemoryShare share(state);
  LogReader log(share, fleet_trust());
  FakeClock clock;
  ElectionSettings settings;
  settings.slot = history.last_slot = "last";
  const auto outcome = elect(share, log, clock, fleet_key(), settings, {});
  EXPECT_THAT(outcome, IsOk());
  if (const auto* const leadership = outcome ? std::get_if<Leadership>(&*outcome) : nullptr) {
    OtherHost(state).commit(*leadership);
  }
  history.entries = entries_of(share);
  history.author_of = [](const LogEntry& entry) { return entry.owner; };
  history.complete = [state](const LogEntry& commit) {
    const auto release = decode_descriptor(commit.descriptor);
    return commit.slot == "last" || (release && state->blobs.contains(torrent_blob(*release)));
  };
  return history;
}

}  // namespace

TEST(Nemesis, OnAShareThatFailsByChanceEachSlotIsPublishedAtMostOnce) {
  const auto settings = nemesis_settings();
  std::mt19937_64 random(settings.seed);
  std::atomic<std::size_t> injected{0};
  std::size_t worlds = 0;
  std::size_t commits = 0;
  std::size_t unsure = 0;
  const auto end = std::chrono::steady_clock::now() + settings.duration;
  do {
    const History history = world(random(), injected);
    const Findings findings = check(history);
    EXPECT_THAT(findings.violations, testing::IsEmpty()) << "world " << worlds << " of seed " << settings.seed;
    commits += findings.commits;
    unsure += static_cast<std::size_t>(std::count_if(history.runs.begin(), history.runs.end(), [](const HostRun& run) {
      return run.end == End::unknown || run.end == End::fenced;
    }));
    ++worlds;
  } while (std::chrono::steady_clock::now() < end && !testing::Test::HasFailure());
  EXPECT_GT(commits, worlds) << "more than the undisturbed ones at the end";
  EXPECT_GT(unsure, 0U) << "the faults did nothing";
  fmt::print(
      "nemesis, in process: seed {}, {} logs, {} faults injected, {} runs fenced or with unknown outcome, {} "
      "publications checked\n",
      settings.seed, worlds, injected.load(), unsure, commits);
}

}  // namespace swarmout::test
