// Keeps a view of the log up to date cheaply.

#pragma once

#include "common/fleet/log_view.hpp"
#include "common/share/share.hpp"

namespace swarmout {

/// Entries that are read at most when somebody looks far back.
inline constexpr std::uint64_t kMaxHistory = 5000;

/// Keeps a view of one share. One thread.
///
/// The view goes back to the last COMMIT, whatever the age of the release that is current: a COMMIT names that release,
/// so it is read directly, and a run costs a handful of reads however long the log is. A new entry that does not follow
/// what was read before makes it read all of that again: a share's server that crashed may have lost the end of an
/// entry. So do, at the next listing, a share that was made anew at the same place and one that lost entries and has
/// others in their place.
class LogReader {
public:
  explicit LogReader(Share& share) : share_(share) {}

  /// Looks for new entries: the first time by listing, later by probing the next number, and by listing again now and
  /// then, because a negative look-up may come from a cache.
  [[nodiscard]] Result<const LogView*> refresh();
  /// The same, and further back until there are `releases` of them; for verbs that a person waits for.
  [[nodiscard]] Result<const LogView*> refresh_with_history(std::size_t releases);
  /// The same, and back over the last kMaxHistory entries; for the one host that has won an election.
  [[nodiscard]] Result<const LogView*> refresh_with_slots();

  /// Of the share that the view was read from; empty while the view is.
  [[nodiscard]] const std::string& cluster() const { return cluster_; }

private:
  [[nodiscard]] Result<LogRecord> load(Position position);
  [[nodiscard]] Result<void> load_first(Position tail);
  [[nodiscard]] Result<bool> is_another_log(Position tail);
  [[nodiscard]] Result<bool> extend_to(Position tail);
  [[nodiscard]] Result<void> extend_back(std::uint64_t count);
  [[nodiscard]] Result<void> load_last_commit();
  [[nodiscard]] Result<void> load_current_release();
  void judge(Position position);
  void trim();
  [[nodiscard]] bool reaches_back() const { return first_.value <= 1; }

  Share& share_;
  LogView view_;
  Position first_;  ///< from here to the tail the view has every entry; before it, at most the current release
  std::string cluster_;
  unsigned refreshes_ = 0;
};

}  // namespace swarmout
