#include "tests/nemesis/killed_hosts.hpp"

#include "tests/support/bytes.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <sstream>

namespace swarmout::test {

namespace {

using Milliseconds = std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr const char* kInNoOrder = "tar:cd '{}' && find . -type f -o -type l | sort -r | tar --no-recursion -cf - -T -";
constexpr int kLeader = 90;  ///< the host that publishes
constexpr int kServer = 91;  ///< serves what that has made
constexpr std::size_t kKept = 2;
constexpr Milliseconds kNothingComesAnyMore{2000};
/// For eight hosts at once, on a machine that may be starved.
constexpr std::chrono::minutes kPatienceForAll{5};

/// Says whether `current` leads to the tree that the hook is in: its name comes from there.
constexpr const char* kHookSays =
    "[ \"$(readlink {0}/current)\" = \"releases/$(basename \"$SWARMOUT_DIR\")\" ] && w=active || w=other; "
    "echo {1} $w >> {2}";

bool is_left_temporary(const std::string& name) {
  return name.starts_with(".tmp-");
}

void add_names(std::vector<std::string>& found, const Path& directory,
               const std::function<bool(const std::string&)>& of) {
  for (const std::string& name : list_directory(directory).value_or(std::vector<std::string>())) {
    if (of(name)) {
      found.push_back(directory / name);
    }
  }
}

/// The inodes of what a process has locked, by flock(2).
std::set<ino_t> locked_by(int pid) {
  std::set<ino_t> found;
  std::istringstream lines(read_file("/proc/locks", 16 * kMiB).value_or(""));
  for (std::string line; std::getline(lines, line);) {
    int owner = 0;
    unsigned long inode = 0;
    if (std::sscanf(line.c_str(), "%*d: FLOCK %*s %*s %d %*x:%*x:%lu", &owner, &inode) == 2 && owner == pid) {
      found.insert(inode);
    }
  }
  return found;
}

/// It has its scratch, and has cleared that of those before it.
bool is_up(int pid, const Path& state) {
  const std::set<ino_t> locked = locked_by(pid);
  std::size_t own = 0;
  for (const std::string& name : list_directory(state / "tmp").value_or(std::vector<std::string>())) {
    struct stat info {};
    if (name.ends_with(".lock") && ::stat((state / "tmp" / name).c_str(), &info) == 0) {
      if (!locked.contains(info.st_ino)) {
        return false;
      }
      ++own;
    }
  }
  return own == 1;
}

std::size_t count_in(const Path& directory) {
  return list_directory(directory).value_or(std::vector<std::string>()).size();
}

Fleet::Environment environment_of(const Blow& blow) {
  const std::size_t colon = std::min(blow.failpoint.find(':'), blow.failpoint.size());
  return blow.failpoint.empty() ? Fleet::Environment()
                                : Fleet::Environment{{"SWARMOUT_FAILPOINT", blow.failpoint.substr(0, colon) + ":kill" +
                                                                                blow.failpoint.substr(colon)}};
}

}  // namespace

struct KilledHosts::Victim {
  int host;
  const Ordeal& ordeal;
  std::size_t hooks_had;  ///< lines in its log before all this
  std::size_t next = 0;   ///< blow
  std::optional<Process> process{};
  SteadyTime started{};
  std::optional<SteadyTime> arrived{};  ///< while a blow is still to come
  bool through = false;
};

KilledHosts::KilledHosts(int hosts, Watch watch) {
  server_.emplace(fleet.peer(kServer, {"--state", fleet.state(kLeader)}));
  EXPECT_TRUE(wait_for([&] { return !fleet.status()["peers"].empty(); }));
  follow(std::vector<Ordeal>(static_cast<std::size_t>(hosts)));
  for (int host = 1; host <= hosts && watch == Watch::active_trees; ++host) {
    watch_.look_at(fleet.dest(host));
  }
  follow(std::vector<Ordeal>(static_cast<std::size_t>(hosts)));
  tally_ = {};
}

void KilledHosts::change() {
  const auto number = static_cast<std::uint32_t>(++releases_);
  for (std::uint32_t i = 0; i < 8; ++i) {
    const bool changes = i % 4 == number % 4;
    if (changes || number == 1) {
      write_file(source() / fmt::format("dir{}/file{}", i % 3, i), noise(8 * kKiB, number * 8 + i), i == 5);
    }
  }
  write_file(source() / "large", noise(200 * kKiB, 3) + noise(100 * kKiB, number));
  write_file(source() / "version", std::to_string(number));
  std::filesystem::remove(source() / "link");
  write_symlink(source() / "link", fmt::format("dir{}", number % 3));
  write_file(source() / fmt::format("only/of-{}", number), "");
  previous_ = newest_;
  newest_ = tree_digest(source()).value_or("");
  watch_.allow(newest_);
}

Process KilledHosts::leader() {
  return fleet.seed(kLeader, fmt::format(fmt::runtime(by_deltas_ ? "dir:{}" : kInNoOrder), source().native()),
                    {"--quorum", "1", "--stage-timeout", "5m", "--linger", "0", "--hold-off", "0"});
}

Process KilledHosts::service(int host, const Blow* blow) {
  const auto hook = [&](const char* which) {
    return fmt::format(fmt::runtime(kHookSays), fleet.dest(host).native(), which,
                       fleet.scratch("hooks" + std::to_string(host)).native());
  };
  Fleet::Options options{"--keep", std::to_string(kKept), "--exec-after-activate", hook("after")};
  if (asks_) {
    options.insert(options.end(), {"--exec-before-activate", hook("before")});
  }
  return fleet.peer(host, options, blow != nullptr ? environment_of(*blow) : Fleet::Environment());
}

void KilledHosts::follow(const std::vector<Ordeal>& ordeals) {
  const std::size_t stages = count_in(fleet.share() / "stage");
  change();
  target_ = newest_;
  server_->signal(SIGSTOP);  // lives, and has not got it: it is not published
  Process seed = leader();
  EXPECT_TRUE(wait_for([&] { return count_in(fleet.share() / "stage") > stages; })) << seed.err();
  bear(ordeals, [&] { server_->signal(SIGCONT); });
  EXPECT_EQ(seed.wait(), 0) << seed.err();
}

void KilledHosts::go_back(const std::vector<Ordeal>& ordeals) {
  target_ = previous_;
  asks_ = false;
  bear(ordeals, [&] {
    const Finished back = fleet.command({"rollback", "--share", fleet.url(), "--reason", "test", "--wait", "0s"});
    EXPECT_THAT(back.status, testing::AnyOf(0, 75)) << back.err;
  });
  EXPECT_EQ(fleet.command({"resume", "--share", fleet.url()}).status, 0);
  std::swap(newest_, previous_);
  asks_ = true;
}

void KilledHosts::bear(const std::vector<Ordeal>& ordeals, const std::function<void()>& once_started) {
  std::deque<Victim> victims;
  for (const Ordeal& ordeal : ordeals) {
    const int host = static_cast<int>(victims.size()) + 1;
    Victim& victim = victims.emplace_back(Victim{host, ordeal, hooks_of(host).size()});
    blow_came(victim);
  }
  for (Victim& victim : victims) {
    EXPECT_TRUE(!victim.ordeal.staged || wait_for([&] { return !victim.process->running(); }))
        << victim.ordeal.blows.front().failpoint << " never came: " << victim.process->err();
  }
  once_started();
  EXPECT_TRUE(wait_for(
      [&] {
        std::for_each(victims.begin(), victims.end(), [this](Victim& each) { step(each); });
        return testing::Test::HasFatalFailure() ||
               std::all_of(victims.begin(), victims.end(), [](const Victim& each) { return each.through; });
      },
      kPatienceForAll))
      << "not all came through";
  for (Victim& victim : victims) {
    EXPECT_TRUE(victim.through) << "host " << victim.host << " after " << victim.next
                                << " blows: " << (victim.process ? victim.process->err() : "");
  }
  EXPECT_THAT(watch_.violations(), testing::IsEmpty());
}

/// It is down: the next run begins.
void KilledHosts::blow_came(Victim& victim) {
  const auto& blows = victim.ordeal.blows;
  victim.process.emplace(service(victim.host, victim.next < blows.size() ? &blows[victim.next] : nullptr));
  victim.started = std::chrono::steady_clock::now();
}

void KilledHosts::step(Victim& victim) {
  if (victim.through) {
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  const bool left_alone = victim.next == victim.ordeal.blows.size();
  if (!victim.process->running()) {
    EXPECT_FALSE(left_alone) << "it ended by itself: " << victim.process->err();
    EXPECT_EQ(victim.process->wait(), 128 + SIGKILL) << victim.process->err();
    ++victim.next;
    ++tally_.kills;
    victim.arrived.reset();
    if (path_exists(fleet.current(victim.host)) || !hooks_of(victim.host).empty()) {
      const auto active = tree_digest(fleet.current(victim.host));
      EXPECT_TRUE(active == newest_ || active == previous_) << "host " << victim.host << " after a blow";
    }
    blow_came(victim);
    return;
  }
  if (!left_alone && victim.ordeal.blows[victim.next].failpoint.empty() &&
      now >= victim.started + victim.ordeal.blows[victim.next].delay) {
    victim.process->signal(SIGKILL);
    return;
  }
  if (!settled(victim)) {
    return;
  }
  if (!left_alone) {
    victim.arrived = victim.arrived.value_or(now);
    if (!victim.ordeal.may_miss || now < *victim.arrived + kNothingComesAnyMore) {
      return;
    }
  }
  end_of(victim);
}

/// It runs, has the release, has told its hooks, and has removed what it does not keep.
bool KilledHosts::settled(const Victim& victim) const {
  const auto active = tree_digest(fleet.current(victim.host));  // first: its hook is due since before the switch
  const Path state = fleet.state(victim.host);
  std::error_code error;
  const std::string name = std::filesystem::read_symlink(fleet.current(victim.host), error).filename();
  const bool due = read_file(state / "hooks/record", kMiB).value_or("").find("\ndue \n") == std::string::npos;
  return active == target_ && !due && name.size() > 8 && path_exists(state / "releases" / name.substr(0, 8)) &&
         count_in(fleet.dest(victim.host) / "releases") <= kKept && is_up(victim.process->pid(), state);
}

void KilledHosts::end_of(Victim& victim) {
  victim.through = true;
  ++tally_.runs_completed;
  victim.process->signal(SIGTERM);
  EXPECT_EQ(victim.process->wait(), 0) << victim.process->err();
  EXPECT_THAT(victim.ordeal.blows.empty() ? leftovers(victim.host, kKept) : leftovers(victim.host), testing::IsEmpty());
  std::vector<std::string> hooks = hooks_of(victim.host);
  hooks.erase(hooks.begin(), hooks.begin() + static_cast<std::ptrdiff_t>(victim.hooks_had));
  const auto begun = [&](const char* which) { return std::count(hooks.begin(), hooks.end(), which); };
  const auto within = [](const Times& times) {
    return testing::AllOf(testing::Ge(times.least), testing::Le(times.most));
  };
  SCOPED_TRACE(fmt::format("{}: {}", victim.ordeal.blows.empty() ? "nothing" : victim.ordeal.blows.front().failpoint,
                           testing::PrintToString(hooks)));
  EXPECT_EQ(begun("before active") + begun("after other"), 0);
  EXPECT_THAT(begun("before other"), within(victim.ordeal.before));
  EXPECT_THAT(begun("after active"), within(victim.ordeal.after));
}

std::vector<std::string> KilledHosts::hooks_of(int host) const {
  std::istringstream lines(read_file(fleet.scratch("hooks" + std::to_string(host)), kMiB).value_or(""));
  std::vector<std::string> all;
  for (std::string line; std::getline(lines, line);) {
    all.push_back(line);
  }
  return all;
}

void KilledHosts::lose_current(int host, const Ordeal& ordeal) {
  target_ = newest_;
  Process process = service(host, &ordeal.blows.front());
  EXPECT_TRUE(wait_for([&] {
    std::error_code error;
    std::filesystem::remove(fleet.current(host), error);
    return !wait_for([&] { return !process.running() || path_exists(fleet.current(host)); }) || !process.running();
  })) << process.err();
  EXPECT_EQ(process.wait(), 128 + SIGKILL);
  ++tally_.kills;
  Process next = service(host, nullptr);
  EXPECT_TRUE(wait_for([&] { return is_newest(fleet.current(host)); })) << next.err();
  next.signal(SIGTERM);
  EXPECT_EQ(next.wait(), 0);
  ++tally_.runs_completed;
  EXPECT_THAT(leftovers(host), testing::IsEmpty());
}

void KilledHosts::killed_at(const Blow& blow, const Fleet::Options& words) {
  const Finished killed = fleet.command(words, environment_of(blow));
  EXPECT_EQ(killed.status, 128 + SIGKILL) << words.front() << " at " << blow.failpoint << ": " << killed.err;
  ++tally_.kills;
}

Finished KilledHosts::done(const Fleet::Options& words) {
  Finished finished = fleet.command(words);
  EXPECT_EQ(finished.status, 0) << finished.err;
  ++tally_.runs_completed;
  return finished;
}

std::vector<std::string> KilledHosts::leftovers(int host) const {
  std::vector<std::string> found;
  const Path dest = fleet.dest(host);
  const Path state = fleet.state(host);
  add_names(found, dest,
            [](const std::string& name) { return name != "current" && name != ".previous" && name != "releases"; });
  for (const char* const each :
       {"", "packs", "manifests", "releases", "torrents", "trees", "stamps", "hooks", "pins", "swarm"}) {
    add_names(found, state / each, is_left_temporary);
  }
  add_names(found, state / "tmp", [](const std::string&) { return true; });
  add_names(found, state / "swarm", [](const std::string& name) { return !name.starts_with("peer-"); });
  add_names(found, state / "packs", [&](const std::string& name) {
    return name.ends_with(".leaves") && !path_exists(state / "packs" / (name.substr(0, 64) + ".pack"));
  });
  if (count_in(dest / "releases") > kKept || count_in(state / "trees") > kKept || count_in(state / "stamps") > kKept) {
    found.push_back(dest / "releases");
  }
  return found;
}

std::vector<std::string> KilledHosts::leftovers(int host, std::size_t releases) const {
  std::vector<std::string> found = leftovers(host);
  for (const char* const each : {"releases", "torrents", "swarm", "trees"}) {
    if (const std::size_t there = count_in(fleet.state(host) / each); there > releases) {
      found.push_back(fmt::format("{}: {} and not {}", (fleet.state(host) / each).native(), there, releases));
    }
  }
  return found;
}

Tally KilledHosts::tally() const {
  Tally all = tally_;
  all.looks = watch_.looks();
  return all;
}

}  // namespace swarmout::test
