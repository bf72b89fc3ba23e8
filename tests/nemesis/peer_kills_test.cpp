// Kill at every step of the peer: what is active stays whole, the next run ends what was begun, and nothing is left.
//
// SWARMOUT_TEST_KILLS=N repeats all of it N times, SWARMOUT_NEMESIS_SEED=N the choices of a run.

#include "tests/nemesis/killed_hosts.hpp"
#include "tests/nemesis/nemesis_settings.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace swarmout::test {

namespace {

using ::testing::IsEmpty;

constexpr std::size_t kVictims = 8;

struct KillStep {
  const char* failpoint;
  Times before{};  ///< how often the hook before the activation begins
  Times after{};
  const char* earlier = nullptr;  ///< another run was killed there, or there would be nothing to do
};

constexpr Times kNever{0, 0};
constexpr Times kTwice{2, 2};
constexpr Times kMaybeTwice{1, 2};  ///< it is killed as it begins

/// On the way from one release to the next, while it is staged …
constexpr KillStep kWayStaged[] = {
    {"before-pin"},
    {"stage-seen"},
    {"before-fetch"},
    {"after-torrent"},
    {"before-tree-record"},
    {"after-layout"},
    {"file-arrived"},
    {"after-manifest"},
    {"during-reuse"},
    {"during-unpack"},
    {"after-pack"},
    {"after-unpack"},
    {"before-keep"},
    {"before-pack-kept"},
    {"after-keep"},
    // An old tree becomes the new one.
    {"after-old-tree-aside"},
    {"after-old-tree-record"},
    {"after-old-tree-taken"},
    {"during-renewal"},
    {"after-renewal"},
    {"during-tidy", {}, {}, "after-old-tree-aside"},
};
/// … and when it is published. Hooks begin again where the kill comes before it is known how they ended.
constexpr KillStep kWayPublished[] = {
    {"before-tree-named"},
    {"after-tree-named"},
    {"before-hook"},
    {"during-hook", kMaybeTwice},
    {"after-hook", kTwice},
    {"before-activate", kTwice},
    {"before-link", kTwice},  // .previous
    {"before-current", kTwice},
    {"before-link:2", kTwice},
    {"after-current"},
    {"after-record"},
    {"after-seen"},
    {"before-hook:2"},
    {"during-hook:2", {}, kMaybeTwice},
    {"after-hook:2", {}, kTwice},
    {"during-gc", {}, kMaybeTwice},
    {"after-records-forgotten", {}, kMaybeTwice},
    {"during-forget", {}, kMaybeTwice},
};
/// Where `current` goes to a tree that is here.
constexpr KillStep kWayBack[] = {
    {"before-switch", kNever}, {"before-link:2", kNever}, {"after-current", kNever}, {"after-hook", kNever, kTwice}};
constexpr const char* kSetBack = "before-set-back";
constexpr const char* kDelta = "after-delta";
constexpr const char* kFetch[] = {"after-torrent",  "before-tree-record", "after-layout", "file-arrived",
                                  "after-manifest", "during-unpack",      "after-pack",   "after-unpack",
                                  "before-keep",    "before-pack-kept",   "after-keep",   "before-placed",
                                  "after-placed"};
constexpr const char* kGc[] = {"during-gc", "after-put-away", "after-records-forgotten", "during-forget"};
constexpr const char* kRepair[] = {"after-parts", "before-repair", "during-repair"};
/// Files are replaced at many steps; each time counts.
constexpr const char* kReplace = "before-replace";
constexpr std::size_t kReplacements = 16;  ///< about as many as there are on the way

std::uint64_t repetitions() {
  return number_from_environment("SWARMOUT_TEST_KILLS", 1);
}

Ordeal ordeal_of(const KillStep& step, bool staged = false) {
  Ordeal ordeal{{}, step.before, step.after, false, staged};
  if (step.earlier != nullptr) {
    ordeal.blows.push_back({step.earlier});
  }
  ordeal.blows.push_back({step.failpoint});
  return ordeal;
}

std::string without_count(const std::string& failpoint) {
  return failpoint.substr(0, failpoint.find(':'));
}

void report(const char* what, std::size_t points, const KilledHosts& hosts) {
  const Tally tally = hosts.tally();
  fmt::print("peer kills, {}: {} points, {} kills, {} runs completed, {} looks at active trees\n", what, points,
             tally.kills, tally.runs_completed, tally.looks);
}

/// Names in calls of failpoint() below a directory of the sources.
void add_failpoints(std::set<std::string>& found, const Path& directory) {
  constexpr std::string_view kCall = "failpoint(\"";
  for (const auto& each : std::filesystem::recursive_directory_iterator(directory)) {
    const std::string text = each.path().extension() == ".cpp" ? read_file(each.path(), kMiB).value() : "";
    for (std::size_t at = text.find(kCall); at != std::string::npos; at = text.find(kCall, at + 1)) {
      const std::size_t begin = at + kCall.size();
      found.insert(text.substr(begin, text.find('"', begin) - begin));
    }
  }
}

Fleet::Options on_host(const Fleet& fleet, int host, const Fleet::Options& verb, bool reaches_others) {
  Fleet::Options words = verb;
  words.insert(words.end(), {"--dest", fleet.dest(host), "--state", fleet.state(host)});
  if (reaches_others) {
    const Fleet::Options options = fleet.host_options(host);
    words.insert(words.end(), options.begin(), options.end());
  }
  return words;
}

}  // namespace

TEST(PeerKills, EachFailpointOfThePeerIsInTheseLists) {
  std::set<std::string> killed{kSetBack, kReplace, kDelta};
  for (const auto& each : kWayStaged) {
    killed.insert(each.failpoint);
  }
  for (const auto& each : kWayPublished) {
    killed.insert(without_count(each.failpoint));
  }
  for (const auto& each : kWayBack) {
    killed.insert(without_count(each.failpoint));
  }
  killed.insert(std::begin(kFetch), std::end(kFetch));
  killed.insert(std::begin(kGc), std::end(kGc));
  killed.insert(std::begin(kRepair), std::end(kRepair));
  std::set<std::string> there;
  const Path project = SWARMOUT_PROJECT_DIRECTORY;
  for (const char* const room : {"peer", "common/base", "common/release", "common/swarm", "common/fleet"}) {
    add_failpoints(there, project / room);
  }
  EXPECT_EQ(killed, there) << "who adds a step says here how it is killed";
}

TEST(PeerKills, OnTheWayToARelease) {
  std::vector<Ordeal> all;
  for (const KillStep& step : kWayStaged) {
    all.push_back(ordeal_of(step, true));
  }
  for (const KillStep& step : kWayPublished) {
    all.push_back(ordeal_of(step));
  }
  KilledHosts hosts(kVictims);
  for (std::uint64_t time = 0; time < repetitions() && !HasFailure(); ++time) {
    for (std::size_t first = 0; first < all.size(); first += kVictims) {
      std::vector<Ordeal> ordeals(all.begin() + static_cast<std::ptrdiff_t>(first),
                                  all.begin() + static_cast<std::ptrdiff_t>(std::min(first + kVictims, all.size())));
      ordeals.resize(kVictims);
      hosts.follow(ordeals);
    }
  }
  hosts.follow(std::vector<Ordeal>(kVictims));  // and nothing is left of all that
  hosts.offer_deltas();
  hosts.follow(std::vector<Ordeal>(kVictims));  // those of a source that has an order begin after one of it
  std::vector<Ordeal> by_delta;
  for (const char* const point : {kDelta, "after-layout", "after-unpack"}) {
    by_delta.push_back(ordeal_of({point}, true));
  }
  const std::size_t points = all.size() + by_delta.size();
  by_delta.resize(kVictims);
  hosts.follow(by_delta);
  report("on the way to a release", points, hosts);
}

TEST(PeerKills, BeforeAnyFileIsReplaced) {
  KilledHosts hosts(kVictims);
  for (std::uint64_t time = 0; time < repetitions() && !HasFailure(); ++time) {
    for (std::size_t first = 1; first <= kReplacements; first += kVictims) {
      std::vector<Ordeal> ordeals;
      for (std::size_t i = first; i < first + kVictims; ++i) {
        ordeals.push_back({{{fmt::format("{}:{}", kReplace, i)}}, kMaybeTwice, kMaybeTwice, true});
      }
      hosts.follow(ordeals);
    }
  }
  hosts.follow(std::vector<Ordeal>(kVictims));
  EXPECT_GE(hosts.tally().kills, 10);
  report("before a file is replaced", kReplacements, hosts);
}

TEST(PeerKills, AtAnyTime) {
  const std::uint64_t seed = nemesis_settings().seed;
  std::mt19937_64 random(seed);
  KilledHosts hosts(kVictims);
  for (std::uint64_t time = 0; time < 2 * repetitions() && !HasFailure(); ++time) {
    std::vector<Ordeal> ordeals;
    for (std::size_t i = 0; i < kVictims; ++i) {
      const int blows = 1 + static_cast<int>(random() % 3);
      Ordeal ordeal{{}, {1, 1 + blows}, {1, 1 + blows}, true};
      for (int blow = 0; blow < blows; ++blow) {
        ordeal.blows.push_back({"", std::chrono::milliseconds(random() % 1500)});
      }
      ordeals.push_back(std::move(ordeal));
    }
    hosts.follow(ordeals);
  }
  hosts.follow(std::vector<Ordeal>(kVictims));
  EXPECT_FALSE(HasFailure()) << "seed " << seed;
  report("at any time", 0, hosts);
}

TEST(PeerKills, OnTheWayBack) {
  KilledHosts hosts(std::size(kWayBack));
  for (std::uint64_t time = 0; time < repetitions() && !HasFailure(); ++time) {
    std::vector<Ordeal> ordeals;
    for (const KillStep& step : kWayBack) {
      ordeals.push_back(ordeal_of(step));
    }
    hosts.go_back(ordeals);
    hosts.follow(std::vector<Ordeal>(std::size(kWayBack)));
  }
  report("on the way back", std::size(kWayBack), hosts);
}

TEST(PeerKills, WhereCurrentIsSetBack) {
  KilledHosts hosts(1, KilledHosts::Watch::nothing);
  for (std::uint64_t time = 0; time < repetitions() && !HasFailure(); ++time) {
    hosts.lose_current(1, {{{kSetBack}}});
  }
  report("where current is set back", 1, hosts);
}

TEST(PeerKills, OfAFetchByHand) {
  KilledHosts hosts(0);
  const Path to = hosts.fleet.scratch("to") / "tree";
  for (std::uint64_t time = 0; time < repetitions() && !HasFailure(); ++time) {
    for (const char* const point : kFetch) {
      SCOPED_TRACE(point);
      const auto fetch = on_host(hosts.fleet, 1, {"fetch", "--revision", "latest"}, true);
      hosts.killed_at({point}, fetch);
      for (const std::string& tree :
           list_directory(hosts.fleet.dest(1) / "releases").value_or(std::vector<std::string>())) {
        EXPECT_TRUE(hosts.is_newest(hosts.fleet.dest(1) / "releases" / tree)) << tree;
      }
      const Finished done = hosts.done(fetch);
      EXPECT_TRUE(hosts.is_newest(done.out.substr(0, done.out.find('\n'))));
      EXPECT_THAT(hosts.leftovers(1, 1), IsEmpty());
      std::filesystem::remove_all(hosts.fleet.dest(1).parent_path());
    }
    for (const char* const point : {"during-unpack", "before-placed", "after-placed"}) {
      SCOPED_TRACE(point);
      Fleet::Options fetch{"fetch", "--revision", "latest", "--to", to};
      const Fleet::Options options = hosts.fleet.host_options(1);
      fetch.insert(fetch.end(), options.begin(), options.end());
      hosts.killed_at({point}, fetch);
      if (path_exists(to)) {
        EXPECT_TRUE(hosts.is_newest(to));
      } else {
        hosts.done(fetch);
      }
      EXPECT_TRUE(hosts.is_newest(to));
      EXPECT_EQ(list_directory(to.parent_path()).value(), std::vector<std::string>{"tree"});
      std::filesystem::remove_all(to.parent_path());
      std::filesystem::remove_all(hosts.fleet.dest(1).parent_path());
    }
  }
  report("of a fetch by hand", std::size(kFetch) + 3, hosts);
}

TEST(PeerKills, OfGc) {
  constexpr int kHosts = std::size(kGc);
  KilledHosts hosts(kHosts);
  for (std::uint64_t time = 0; time < repetitions() && !HasFailure(); ++time) {
    for (int host = 1; host <= kHosts; ++host) {
      SCOPED_TRACE(kGc[host - 1]);
      const auto gc = on_host(hosts.fleet, host, {"gc", "--keep", "1"}, false);
      hosts.killed_at({kGc[host - 1]}, gc);
      EXPECT_TRUE(hosts.is_newest(hosts.fleet.current(host)));
      if (host % 2 == 1) {  // else the service ends it
        hosts.done(gc);
        EXPECT_TRUE(hosts.is_newest(hosts.fleet.current(host)));
      }
      hosts.done(on_host(hosts.fleet, host, {"verify"}, false));
    }
    hosts.follow(std::vector<Ordeal>(kHosts));  // which looks for leftovers
  }
  report("of gc", std::size(kGc), hosts);
}

TEST(PeerKills, OfARepair) {
  KilledHosts hosts(1, KilledHosts::Watch::nothing);
  const Path tree = hosts.fleet.current(1);
  for (std::uint64_t time = 0; time < repetitions() && !HasFailure(); ++time) {
    for (const char* const point : kRepair) {
      SCOPED_TRACE(point);
      const auto repair = on_host(hosts.fleet, 1, {"verify", "--repair"}, true);
      for (const char* const each : {"large", "version"}) {
        write_file(tree / each, "bad");
      }
      if (point == kRepair[0]) {  // from other hosts
        std::filesystem::remove_all(hosts.fleet.state(1) / "packs");
        std::filesystem::remove_all(hosts.fleet.state(1) / "swarm");
      }
      hosts.killed_at({point}, repair);
      for (const char* const each : {"large", "version"}) {
        const std::string content = read_file(tree / each, kMiB).value();
        EXPECT_TRUE(content == "bad" || content == read_file(hosts.source() / each, kMiB).value()) << each;
      }
      hosts.done(repair);
      EXPECT_TRUE(hosts.is_newest(tree));
      EXPECT_THAT(hosts.leftovers(1), IsEmpty());
    }
    hosts.follow(std::vector<Ordeal>(1));  // and the packs again
  }
  report("of a repair", std::size(kRepair), hosts);
}

}  // namespace swarmout::test
