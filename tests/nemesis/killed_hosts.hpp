// Hosts whose services are killed at named steps or after some time, and started again, while somebody looks at their
// active trees all the time.

#pragma once

#include "tests/e2e/fleet.hpp"
#include "tests/nemesis/tree_watch.hpp"
#include "tests/support/process.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace swarmout::test {

/// What ends one run of a service.
struct Blow {
  std::string failpoint;  ///< "NAME" or "NAME:3", the third time; empty: after `delay`
  std::chrono::milliseconds delay{};
};

struct Times {
  int least = 1;
  int most = 1;
};

/// What one host has to bear on the way to a release.
struct Ordeal {
  std::vector<Blow> blows;  ///< of its first, second … run; the one after them is left alone
  Times before{};           ///< how often its hook before the activation begins, in all of these runs
  Times after{};            ///< its hook afterwards
  bool may_miss = false;    ///< it is no fault if the release is active without a blow
  bool staged = false;      ///< the first blow comes before the release is published
};

/// All of what was seen; add them up.
struct Tally {
  int kills = 0;
  int runs_completed = 0;
  long looks = 0;  ///< at an active tree
};

class KilledHosts {
public:
  enum class Watch { active_trees, nothing };
  /// All of them have two releases. They keep two.
  explicit KilledHosts(int hosts, Watch watch = Watch::active_trees);

  /// A release is staged, and published when those who are to be killed before have been; host i bears ordeal i.
  void follow(const std::vector<Ordeal>& ordeals);
  /// Releases come by deltas from here on; else they have none, since their source gives its files in no order.
  void offer_deltas() { by_deltas_ = true; }
  /// The fleet goes back to the release before, and the hold is taken away afterwards. No hook is asked before: while
  /// one is at work, what is here is looked at as for a fetch.
  void go_back(const std::vector<Ordeal>& ordeals);
  /// `current` is removed behind the service's back, again and again until the blow has come.
  void lose_current(int host, const Ordeal& ordeal);
  /// A verb with its options, killed there.
  void killed_at(const Blow& blow, const Fleet::Options& words);
  /// It ends with 0.
  Finished done(const Fleet::Options& words);

  /// Is this tree the one that is current in the fleet?
  [[nodiscard]] bool is_newest(const Path& tree) const { return tree_digest(tree) == newest_; }
  /// What does not belong there while nothing runs, whatever came before.
  [[nodiscard]] std::vector<std::string> leftovers(int host) const;
  /// The same after a quiet run, with no more than so many releases in the store and trees beside `current`.
  [[nodiscard]] std::vector<std::string> leftovers(int host, std::size_t releases) const;
  [[nodiscard]] Tally tally() const;
  [[nodiscard]] Path source() const { return fleet.scratch("source"); }

  Fleet fleet;

private:
  struct Victim;
  Process service(int host, const Blow* blow);
  void change();
  [[nodiscard]] Process leader();
  /// Until each of them has come through to `target`.
  void bear(const std::vector<Ordeal>& ordeals, const std::function<void()>& once_started);
  void step(Victim& victim);
  void blow_came(Victim& victim);
  void end_of(Victim& victim);
  [[nodiscard]] bool settled(const Victim& victim) const;
  [[nodiscard]] std::vector<std::string> hooks_of(int host) const;

  TreeWatch watch_;
  std::optional<Process> server_;
  std::string newest_;
  std::string previous_;
  std::string target_;
  int releases_ = 0;
  bool by_deltas_ = false;
  bool asks_ = true;  ///< services have a hook before the activation
  Tally tally_;
};

}  // namespace swarmout::test
