// Real hosts that are killed and frozen by chance, at named steps and anywhere, while the share comes and goes. Then:
// does the history hold?
//
// SWARMOUT_NEMESIS_SEED=N repeats the choices of a run, SWARMOUT_NEMESIS_SECONDS=N makes it longer.

#include "common/release/descriptor.hpp"
#include "common/share/open_share.hpp"
#include "tests/e2e/fleet.hpp"
#include "tests/nemesis/history.hpp"
#include "tests/nemesis/nemesis_settings.hpp"
#include "tests/nemesis/stopped.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <signal.h>

#include <set>

namespace swarmout::test {

namespace {

using ProcessEnd = HostRun::End;

constexpr int kHostsAtOnce = 4;
constexpr const char* kSteps[] = {"before-claim", "after-claim", "after-elected", "after-heartbeat",
                                  "after-export", "after-stage", "before-commit", "after-commit"};

struct Running {
  Process process;
  bool talkative;
};

class ProcessNemesis {
public:
  explicit ProcessNemesis(std::uint64_t seed) : random_(seed) {
    make_awkward_tree(tree());
    source_ = fleet_.counted_source(tree());
    history_.author_of = [](const LogEntry& entry) { return std::to_string(entry.pid); };
  }

  void disturbed_slot(const std::string& slot) {
    write_file(tree() / "README", slot);
    std::vector<Running> hosts;
    for (int host = 1; host <= kHostsAtOnce; ++host) {
      hosts.push_back(start(host, slot));
    }
    for (int action = 0; action < 12; ++action) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50 + up_to(150)));
      disturb(hosts[up_to(kHostsAtOnce)].process);
    }
    mount();
    for (Running& host : hosts) {
      EXPECT_TRUE(wait_for([&] { return host.process.signal(SIGCONT), !host.process.running(); }));
      history_.runs.push_back(run_of(host, slot));
    }
    undisturbed(slot);
  }
  /// It must do what was not done.
  void undisturbed(const std::string& slot) {
    Running host{fleet_.seed(9, source_, options(slot, {"--wait"})), false};
    host.process.wait();
    history_.runs.push_back(run_of(host, slot));
    EXPECT_EQ(history_.runs.back().status, 0) << host.process.err();
    history_.last_slot = slot;
  }
  Findings findings() {
    const auto share = open_share(fleet_.url());
    EXPECT_TRUE(share) << to_string(share.error());
    history_.entries = entries_of(**share);
    history_.keys = fleet_.trusted();
    tell_losers();
    const Position newest = (*share)->tail({}).value_or(Position{});
    history_.complete = [&](const LogEntry& commit) {  // older ones may be collected
      const auto release = decode_descriptor(commit.descriptor);
      return commit.position != newest || commit.release != commit.position ||
             (release && (*share)->read_blob(torrent_blob(*release), kMaxBlob).value_or(std::nullopt));
    };
    return check(history_);
  }
  [[nodiscard]] Finished fetched() { return fleet_.fetch(9, "latest"); }
  void change(const std::string& text) { write_file(tree() / "README", text); }
  [[nodiscard]] bool tree_is_at(const Path& path) const { return listing(path) == listing(tree()); }
  [[nodiscard]] int injected() const { return injected_; }

private:
  Path tree() const { return fleet_.scratch("source"); }
  std::size_t up_to(std::size_t limit) { return random_() % limit; }

  Fleet::Options options(const std::string& slot, const Fleet::Options& more) {
    Fleet::Options options{"--slot", slot, "--linger", "0s", "--max-attempts", "1000", "--retry-wait", "0s"};
    options.insert(options.end(), more.begin(), more.end());
    return options;
  }
  Running start(int host, const std::string& slot) {
    Fleet::Environment environment;
    if (up_to(2) == 0) {
      ++injected_;
      environment.emplace_back("SWARMOUT_FAILPOINT",
                               std::string(kSteps[up_to(std::size(kSteps))]) + (up_to(2) == 0 ? ":kill" : ":stop"));
    }
    const bool talkative = up_to(2) == 0;
    Fleet::Options more = up_to(2) == 0 ? Fleet::Options{"--wait"} : Fleet::Options{};
    if (talkative) {
      more.emplace_back("--verbose");
    }
    return {fleet_.seed(host, source_, options(slot, more), environment), talkative};
  }
  void disturb(Process& victim) {
    switch (up_to(6)) {
      case 0:
        ++injected_;
        return victim.signal(SIGSTOP);
      case 1:
        ++injected_;
        return victim.signal(SIGKILL);
      case 2:
        ++injected_;
        return unmount();
      case 3:
        return mount();
      default:
        return victim.signal(SIGCONT);
    }
  }
  void unmount() {
    if (!path_exists(fleet_.scratch("elsewhere"))) {
      std::filesystem::rename(fleet_.share(), fleet_.scratch("elsewhere"));
    }
  }
  void mount() {
    if (path_exists(fleet_.scratch("elsewhere"))) {
      std::filesystem::rename(fleet_.scratch("elsewhere"), fleet_.share());
    }
  }
  /// A quiet run that ended well and has no entry in the log was a loser: rule C6 is about it. A leader may say that
  /// its heartbeat failed for a while.
  void tell_losers() {
    std::set<std::pair<std::string, std::string>> in_log;
    for (const std::string& bytes : history_.entries) {
      if (const auto entry = decode_entry(bytes, history_.keys)) {
        in_log.emplace(history_.author_of(*entry), entry->slot);
      }
    }
    for (HostRun& run : history_.runs) {
      if (run.end == ProcessEnd::unknown && run.status == 0 && !in_log.contains({run.author, run.slot})) {
        run.end = ProcessEnd::left;
      }
    }
  }
  static HostRun run_of(Running& host, const std::string& slot) {
    HostRun run;
    run.author = std::to_string(host.process.pid());
    run.slot = slot;
    run.status = host.process.wait();
    const std::string said = host.process.out() + host.process.err();
    const auto says = [&](const char* word) { return said.find(word) != std::string::npos; };
    run.output = host.talkative ? "" : said;
    if (run.status == 0) {
      run.end = !host.talkative                         ? ProcessEnd::unknown  // tell_losers() knows more
                : says("PUBLISHED")                     ? ProcessEnd::published
                : says("already; nothing was exported") ? ProcessEnd::unchanged
                                                        : ProcessEnd::left;
    } else if (run.status == 128 + SIGKILL) {
      run.end = ProcessEnd::died;
    } else {
      EXPECT_THAT(run.status, testing::AnyOf(1, 69, 75)) << said;
      run.end = says("FENCED") ? ProcessEnd::fenced : ProcessEnd::unknown;
    }
    return run;
  }

  std::mt19937_64 random_;
  Fleet fleet_;
  std::string source_;
  History history_;
  int injected_ = 0;
};

}  // namespace

TEST(Nemesis, HostsThatAreKilledAndFrozenByChancePublishEachSlotAtMostOnce) {
  const auto settings = nemesis_settings();
  ProcessNemesis nemesis(settings.seed);
  const auto end = std::chrono::steady_clock::now() + settings.duration;
  int slots = 0;
  do {
    nemesis.disturbed_slot(std::to_string(++slots));
    EXPECT_THAT(nemesis.findings().violations, testing::IsEmpty()) << "slot " << slots << " of seed " << settings.seed;
  } while (std::chrono::steady_clock::now() < end && !testing::Test::HasFailure());
  nemesis.change("the end");
  nemesis.undisturbed("the end");
  const Findings findings = nemesis.findings();
  EXPECT_THAT(findings.violations, testing::IsEmpty());
  EXPECT_EQ(findings.commits, static_cast<std::size_t>(slots) + 1);
  const Finished fetched = nemesis.fetched();
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  EXPECT_TRUE(nemesis.tree_is_at(fetched.out.substr(0, fetched.out.find('\n'))));
  fmt::print("nemesis, processes: seed {}, {} slots, {} faults injected, {} publications checked\n", settings.seed,
             slots, nemesis.injected(), findings.commits);
}

}  // namespace swarmout::test
