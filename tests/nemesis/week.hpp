// Five hosts with their services, on small disks of their own, and what happens to them in a week.

#pragma once

#include "common/fleet/log_entry.hpp"
#include "tests/e2e/fleet.hpp"
#include "tests/support/process.hpp"

#include <array>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace swarmout::test {

inline constexpr int kWeekHosts = 5;

/// What is left over when everything has ended, and should not be.
struct Leftovers {
  std::vector<std::string> processes;
  std::vector<std::string> files;  ///< temporary ones, of hosts and share
  std::vector<std::string> locks;  ///< that are held
  bool open_claim = false;
};

class Week {
public:
  explicit Week(std::uint64_t seed);
  ~Week();
  Week(const Week&) = delete;
  Week& operator=(const Week&) = delete;

  /// Cron fires on all hosts, and something goes wrong, or nothing.
  void slot_with_fault(const std::string& slot);
  /// Cron fires on all hosts, and all have the release afterwards.
  void quiet_slot(const std::string& slot);
  /// What nobody has written since is older than what a share keeps of the dead.
  void let_a_day_pass();
  void stop_services();

  [[nodiscard]] Leftovers leftovers();
  /// What the hosts keep, all together.
  [[nodiscard]] Bytes disk_use() const;
  /// How many COMMITs each slot has.
  [[nodiscard]] std::map<std::string, int> publications() const;
  /// Runs of `seed` that said more than one line, and sentences that a service said again and again.
  [[nodiscard]] const std::vector<std::string>& chatter() const { return chatter_; }
  [[nodiscard]] int faults() const { return faults_; }

private:
  enum class Fault {
    none,
    leader_killed,
    seed_frozen,
    export_hangs,
    asked_to_stop,
    service_killed,
    service_restarted,
    disk_full,
    share_away,
    last = share_away
  };

  Path tree() const { return fleet_.scratch("source"); }
  Path home(int host) const { return fleet_.state(host).parent_path(); }
  std::size_t up_to(std::size_t limit) { return random_() % limit; }
  int any_host() { return 1 + static_cast<int>(up_to(kWeekHosts)); }
  void change();
  void fire(const std::string& slot, Fault fault);
  void disturb(Fault fault);
  void wait_for_seeds();
  void revive();
  void start_service(int host);
  void end_service(int host, int signal);
  void listen_to(int host);
  std::string what_is_known(const std::string& slot);
  std::vector<LogEntry> log() const;
  Fleet::Environment marked(Fleet::Environment more = {}) const;

  std::mt19937_64 random_;
  Fleet fleet_;
  std::string mark_;  ///< in the environment of all that is started
  bool own_disks_ = false;
  std::string source_;
  std::list<Process> seeds_;
  std::array<std::optional<Process>, kWeekHosts + 1> services_;
  std::vector<std::string> chatter_;
  int faults_ = 0;
  int changes_ = 0;
};

}  // namespace swarmout::test
