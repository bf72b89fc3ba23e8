// What the log says, as a value. Read by log_reader.hpp.
//
// Void entries (not signed, damaged, a copy, a broken chain, a COMMIT without its owner's CLAIM) count as ABANDON:
// their number is burned.

#pragma once

#include "common/fleet/log_record.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace swarmout {

/// Entries behind the last signed one that a log may have and go on: whoever only writes the share can stop a fleet,
/// but must not make it read for ever.
inline constexpr std::size_t kMaxStrays = 100;

/// Something at the end of the log that nobody with a trusted key has written there.
struct Stray {
  Position position;
  Validity why = Validity::damaged;
  std::string reason{};  ///< of the last one before the end: in words, and what to do
  std::string advice{};
};

/// The fleet stays on one release, and nothing is published, until somebody says `resume`.
struct Hold {
  std::string reason;
  std::string host;   ///< on which it was said
  std::string time;   ///< UTC
  Position position;  ///< of the COMMIT that says so
};

class LogView {
public:
  /// The number of the last entry; 0 if there is none. Entries above a number that is not there are none of this log.
  [[nodiscard]] Position tail() const;
  [[nodiscard]] Digest tail_digest() const;
  /// The last entry if it is a CLAIM: somebody is at work.
  [[nodiscard]] const LogEntry* open_claim() const;
  /// Newest first, COMMITs of new releases only (not the unchanged ones), at most `limit`.
  [[nodiscard]] std::vector<const LogEntry*> releases(std::size_t limit) const;
  /// The release that the last COMMIT names: what hosts should have. Null before the first. If what it names is none,
  /// the newest release; but nothing while the fleet is held: on nothing else than what was named.
  [[nodiscard]] const LogEntry* current_release() const;
  /// Of the last COMMIT; nothing if it does not hold.
  [[nodiscard]] std::optional<Hold> hold() const;
  /// Null if the slot was not committed, as far back as this view goes.
  [[nodiscard]] const LogEntry* commit_of(const std::string& slot) const;
  [[nodiscard]] const LogEntry* last_commit() const;
  /// CLAIMs for `slot` since the last COMMIT, and the last ABANDON's reason. A CLAIM whose next number was taken by
  /// something that is not signed is nobody's failure.
  [[nodiscard]] unsigned claims_of(const std::string& slot) const;
  [[nodiscard]] std::string last_failure() const;
  [[nodiscard]] const LogEntry* at(Position position) const;
  /// The last ones without a gap, the oldest first.
  [[nodiscard]] std::vector<const LogEntry*> last_entries() const;
  /// SHA-256 of its bytes, as far as it is signed and in this view.
  [[nodiscard]] std::optional<Digest> digest_at(Position position) const;
  /// The newest entry that is signed; null if there is none.
  [[nodiscard]] const LogEntry* last_signed() const;
  /// What is behind it, by number, and what stands above the end of the log.
  [[nodiscard]] std::vector<Stray> strays() const;
  /// Whether `position` is one of those above the end.
  [[nodiscard]] bool is_above(Position position) const;

private:
  friend class LogReader;
  [[nodiscard]] bool burned(Position position) const;

  std::map<Position, LogRecord> records_;
  std::map<Position, Validity> above_;  ///< above the end of the log, where a number is not there
};

/// The release that `slot` is to be worked on with: the one that its COMMIT names; while the fleet is held, the held
/// one. Null: none yet, as far back as the view goes.
[[nodiscard]] const LogEntry* slot_release(const LogView& log, const std::string& slot);

}  // namespace swarmout
