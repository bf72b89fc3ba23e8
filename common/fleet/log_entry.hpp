// The entries of the log: CLAIM, COMMIT, ABANDON. Immutable once they are there.
//
// Each entry carries the SHA-256 of the one before it, so that a log that lost or changed an entry is noticed.
// Text form: docs/formats/log-entry.md.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/digest.hpp"
#include "common/base/result.hpp"
#include "common/base/units.hpp"

#include <string>
#include <string_view>

namespace swarmout {

enum class EntryKind { claim, commit, abandon };

struct LogEntry {
  EntryKind kind = EntryKind::claim;
  Position position;
  Digest previous;       ///< SHA-256 of the bytes of the entry before; all zero for the first
  std::string nonce;     ///< new for each attempt to write: how a writer knows its own entry
  std::string owner;     ///< equal in a CLAIM and in the COMMIT or ABANDON that ends it
  std::string slot;      ///< which cron run this is for; empty: none
  unsigned attempt = 1;  ///< claims of this slot so far, this one included

  // For people, never compared: clones share all of these.
  std::string host;
  std::string boot;
  std::uint64_t pid = 0;
  std::string time;

  Position release;        ///< COMMIT: what is current from here on; its own position, or an older one if unchanged
  std::string revision;    ///< COMMIT: the source's name for it
  std::string descriptor;  ///< COMMIT of a new release: its signed text, and
  std::string signature;   ///< minisign's signature of it
  std::string reason;      ///< ABANDON
};

/// Fills nonce, host, boot, pid and time.
void sign_in(LogEntry& entry, WallTime now);

[[nodiscard]] std::string encode(const LogEntry& entry);

/// Errors: refused: not an entry, damaged, or with fields that its kind must not have.
[[nodiscard]] Result<LogEntry> decode_entry(std::string_view bytes);

}  // namespace swarmout
