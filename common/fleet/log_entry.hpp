// The entries of the log: CLAIM, COMMIT, ABANDON. Immutable once they are there.
//
// Each entry carries the SHA-256 of the one before it, so that a log that lost or changed an entry is noticed, the log
// and the number it was written for, so that it is none anywhere else, and a signature over all of it.
// Text form: docs/formats/log-entry.md.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/digest.hpp"
#include "common/base/result.hpp"
#include "common/base/units.hpp"
#include "common/fleet/signed_record.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace swarmout {

enum class EntryKind { claim, commit, abandon };

struct LogEntry {
  EntryKind kind = EntryKind::claim;
  std::string log;  ///< which one: the random id of the share
  Position position;
  Digest previous;       ///< SHA-256 of the bytes of the entry before; all zero if there is none that is signed
  std::string nonce;     ///< new for each attempt to write: how a writer knows its own entry
  std::string owner;     ///< equal in a CLAIM and in the COMMIT or ABANDON that ends it
  std::string slot;      ///< which cron run this is for; empty: none
  unsigned attempt = 1;  ///< claims of this slot so far, this one included

  // For people, never compared: clones share all of these.
  std::string host;
  std::string boot;
  std::uint64_t pid = 0;
  std::string time;

  /// COMMIT: what is current from here on; its own position, or an older one. 0: none, in a job's log.
  Position release;
  std::string revision;    ///< COMMIT: the source's name for it
  std::string descriptor;  ///< COMMIT of a new release: its signed text, and
  std::string signature;   ///< minisign's signature of it
  std::string reason;      ///< ABANDON
  /// COMMIT by hand: why nothing is published from here on; empty: something is again. None: a run's own.
  std::optional<std::string> hold{};
};

/// Of a slot's name, as it is given.
inline constexpr std::size_t kMaxSlot = 200;
/// Of an ABANDON's reason; what is longer is cut.
inline constexpr std::size_t kMaxReason = 500;
/// Of a hold's.
inline constexpr std::size_t kMaxHold = 200;

/// Fills nonce, host, boot, pid and time.
void sign_in(LogEntry& entry, WallTime now);

/// Its fields must keep to what decode_entry() takes. Errors: as signed_record().
[[nodiscard]] Result<std::string> encode(const LogEntry& entry, const Signer& signer);

/// What stands in an entry that a trusted key has signed; whether it stands where it belongs is for log_record.hpp.
/// Nothing of it can be more than its field allows, or another thing: owner and nonce are 32 hexadecimal digits, the
/// time is a time. Errors: refused: nobody whom this host trusts has signed it, or it is no entry.
[[nodiscard]] Result<LogEntry> decode_entry(std::string_view bytes, const TrustedKeys& keys);

}  // namespace swarmout
