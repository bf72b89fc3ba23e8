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
/// the newest one or one that was gone back to, so it is read directly, and a run costs a handful of reads however long
/// the log is. A new entry that does not follow what was read before makes it read all of that again: a share's server
/// that crashed may have lost the end of an entry. So do, at the next listing, a share that was made anew at the same
/// place and one that lost entries and has others in their place.
///
/// The end of the log is the end of the chain: what stands above a number that is not there is none of it, unless it is
/// signed (then an entry cannot be seen), and only kMaxStrays entries that nobody signed are followed in a row.
class LogReader {
public:
  /// Both outlive this.
  LogReader(Share& share, const TrustedKeys& keys) : share_(share), keys_(keys) {}

  /// Looks for new entries: the first time by listing, later by probing the next number, and by listing again now and
  /// then, because a negative look-up may come from a cache. Errors: temporary: an entry below a signed one cannot be
  /// seen, or the share does not answer; refused: too many entries in a row are not signed.
  [[nodiscard]] Result<const LogView*> refresh();
  /// The same, and further back until there are `releases` of them; for verbs that a person waits for.
  [[nodiscard]] Result<const LogView*> refresh_with_history(std::size_t releases);
  /// The same, and back over the last `entries`, at most kMaxHistory.
  [[nodiscard]] Result<const LogView*> refresh_with_entries(std::uint64_t entries);
  /// The same, and back over the last kMaxHistory entries; for the one host that has won an election.
  [[nodiscard]] Result<const LogView*> refresh_with_slots();

  /// Of the share that the view was read from; empty while the view is.
  [[nodiscard]] const std::string& cluster() const { return cluster_; }
  [[nodiscard]] const TrustedKeys& keys() const { return keys_; }

private:
  using Records = std::map<Position, LogRecord>;

  [[nodiscard]] Result<std::optional<LogRecord>> find(Position position);
  [[nodiscard]] Result<LogRecord> load(Position position);
  [[nodiscard]] Result<void> load_first(Position top);
  [[nodiscard]] Result<Records> load_end(Position top);
  [[nodiscard]] Result<bool> is_another_log(Position top);
  [[nodiscard]] Result<bool> extend_to(Position top);
  [[nodiscard]] Result<void> look_above(Position top);
  [[nodiscard]] Result<void> extend_back(std::uint64_t count);
  [[nodiscard]] Result<void> load_last_commit();
  [[nodiscard]] Result<void> load_current_release();
  void judge(Position position);
  void trim();
  [[nodiscard]] bool reaches_back() const { return first_.value <= 1; }
  [[nodiscard]] Error too_many_strays() const;
  void forget();

  Share& share_;
  const TrustedKeys& keys_;
  TrustedKeys judged_by_;  ///< what is read was held against these
  LogView view_;
  Position first_;  ///< from here to the tail the view has every entry; before it, at most the current release
  std::string cluster_;
  unsigned refreshes_ = 0;
};

}  // namespace swarmout
