// Twenty hosts with two cron lines each, `seed` and `run` of a job on what that publishes, and what happens to them on
// a weekend.

#pragma once

#include "tests/e2e/fleet.hpp"
#include "tests/nemesis/weekend_book.hpp"
#include "tests/support/process.hpp"

#include <array>
#include <list>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>

namespace swarmout::test {

inline constexpr int kWeekendHosts = 20;

enum class Mishap {
  none,
  leader_killed,   ///< with SIGKILL, at whatever it does
  export_hangs,    ///< the first one
  share_away,      ///< for a while
  service_killed,  ///< and started again later
  service_frozen,  ///< for a while
  run_killed,      ///< with SIGKILL, at the gate or at its job
  bad_release,     ///< the hosts' hook refuses it, and somebody goes back
};
[[nodiscard]] std::string name_of(Mishap mishap);

class Weekend {
public:
  explicit Weekend(std::uint64_t seed);

  /// Both lines fire on all hosts in the same second, and something happens. Returns when all have ended that end by
  /// themselves.
  void slot(Mishap mishap);
  /// After a bad release: the source is mended, and may be published.
  void resume();
  /// Lets the jobs end that were at work all the time.
  [[nodiscard]] WeekendBook end();

  /// What `current` leads to, on all hosts.
  [[nodiscard]] std::set<std::string> active_trees();
  /// Of the source as it is now.
  [[nodiscard]] std::string source_tree() { return digest(tree()); }
  /// How often a hook has refused the bad release, on all hosts.
  [[nodiscard]] int refusals() const;

private:
  /// What fired in one slot.
  struct Fired {
    WeekendSlot& slot;
    std::list<Process> seeds{};
    std::map<int, Process> runs{};
  };

  [[nodiscard]] Path tree() const { return fleet_.scratch("source"); }
  [[nodiscard]] Path notes(int host) const { return fleet_.scratch("jobs") / std::to_string(host); }
  [[nodiscard]] std::string digest(const Path& tree);
  std::size_t up_to(std::size_t limit) { return random_() % limit; }
  int any_host() { return 1 + static_cast<int>(up_to(kWeekendHosts)); }
  void pause(std::chrono::milliseconds least, std::chrono::milliseconds most);

  void write_job();
  void start_service(int host);
  Process& service(int host) { return *services_.at(static_cast<std::size_t>(host)); }
  Fired fire(WeekendSlot& slot);
  /// The process that leads this slot, as the log says; waits until there is one.
  int leader_of(const std::string& slot) const;
  void happen(Mishap mishap, Fired& fired);
  void take_the_share_away();
  void disturb_a_service(Mishap mishap);
  void roll_back();
  void let_end(Fired& fired);
  [[nodiscard]] std::map<std::string, int> publications() const;
  [[nodiscard]] std::map<std::string, int> exports() const;

  std::mt19937_64 random_;
  Fleet fleet_;
  std::string source_;
  std::array<std::optional<Process>, kWeekendHosts + 1> services_;
  std::list<WeekendSlot> slots_;                           ///< a list: they are referred to
  std::map<std::string, std::map<int, Process>> at_work_;  ///< by slot and host: jobs that stay until the end
  std::string good_;                                       ///< digest of the newest release that is not bad
  bool held_ = false;
};

}  // namespace swarmout::test
