// An entry as it stands on a share: what it says if it counts, and why not if it does not.

#pragma once

#include "common/fleet/log_entry.hpp"

#include <string>
#include <string_view>

namespace swarmout {

enum class Validity {
  good,
  damaged,       ///< no record with a last line: cut short, or never one
  not_signed,    ///< by no key that this host trusts, or changed since
  misplaced,     ///< signed for another number or another log: a copy
  out_of_chain,  ///< signed for this place, but it does not follow the entry before it
};

/// Whoever wrote it had the key, and wrote it for this place.
[[nodiscard]] constexpr bool is_signed(Validity validity) {
  return validity == Validity::good || validity == Validity::out_of_chain;
}

struct LogRecord {
  Digest digest;   ///< SHA-256 of its bytes; all zero unless it is signed: who wrote it can change it any time
  LogEntry entry;  ///< a void one has kind abandon, no owner, and the reason why it is void
  Validity validity = Validity::good;
  /// Not signed: SHA-256 of its bytes as they are now, which a key that was taken away since may have signed.
  Digest stands{};
  std::string advice{};  ///< not signed: what to do, if it is signed with a key that may be missing here
};

/// A void entry: its number is burned, and nothing else of it counts.
[[nodiscard]] LogRecord void_record(const Digest& digest, Position position, Validity validity, std::string why);

/// Does `entry`, which is signed, follow `before`? As its leader saw that: after one that counts for nobody it names no
/// digest. After one that a key signed which is not trusted any more it names that one's, and whoever changes those
/// bytes breaks the chain.
[[nodiscard]] bool follows(const LogEntry& entry, const LogRecord& before);

/// What `bytes` are as entry `position` of the log `log`; not yet held against the entry before it.
[[nodiscard]] LogRecord record_of(std::string_view bytes, Position position, std::string_view log,
                                  const TrustedKeys& keys);

}  // namespace swarmout
