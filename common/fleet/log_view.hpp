// What the log says, as a value. Read by log_reader.hpp.
//
// Void entries (a broken chain, damage, a COMMIT without its owner's CLAIM) count as ABANDON: their number is burned.

#pragma once

#include "common/fleet/log_entry.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace swarmout {

struct LogRecord {
  Digest digest;   ///< SHA-256 of the entry's bytes
  LogEntry entry;  ///< a void one has kind abandon
};

class LogView {
public:
  /// The number of the last entry; 0 if there is none.
  [[nodiscard]] Position tail() const;
  [[nodiscard]] Digest tail_digest() const;
  /// The last entry if it is a CLAIM: somebody is at work.
  [[nodiscard]] const LogEntry* open_claim() const;
  /// Newest first, COMMITs of new releases only (not the unchanged ones), at most `limit`.
  [[nodiscard]] std::vector<const LogEntry*> releases(std::size_t limit) const;
  /// The release that is current, or null before the first.
  [[nodiscard]] const LogEntry* newest_release() const;
  /// Null if the slot was not committed, as far back as this view goes.
  [[nodiscard]] const LogEntry* commit_of(const std::string& slot) const;
  [[nodiscard]] const LogEntry* last_commit() const;
  /// CLAIMs for `slot` since the last COMMIT, and the last ABANDON's reason.
  [[nodiscard]] unsigned claims_of(const std::string& slot) const;
  [[nodiscard]] std::string last_failure() const;
  [[nodiscard]] const LogEntry* at(Position position) const;

private:
  friend class LogReader;
  std::map<Position, LogRecord> records_;
};

}  // namespace swarmout
