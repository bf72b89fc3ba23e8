// Which release this host has followed last, and in which log: what protects it from older ones.
//
// A number names a release only within one log, and a share can be lost, made anew, or set back to a backup. The rules
// and the attacks that they are held against: docs/decisions/0030-a-release-is-its-digest.md. Stored form:
// docs/formats/state.md.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/files.hpp"
#include "common/release/descriptor.hpp"
#include "common/release/signing.hpp"
#include "common/release/store.hpp"

#include <string>
#include <vector>

namespace swarmout {

struct Seen {
  std::string cluster;  ///< of the share; empty: not known; 0.1 did not say
  std::string key;      ///< id of the key that had signed it
  Position position;    ///< 0: none was followed yet
  Digest release;       ///< of its descriptor
  Digest manifest;
  Position commit;    ///< number of the last COMMIT that was followed: `position`, or a later one that names it
  Digest entry;       ///< of that COMMIT's bytes; all zero: not known
  WallTime newest{};  ///< when the newest release that was followed in any log was made; never later than the time here
  WallTime
      since{};  ///< `newest` when this host came to this log from another: what was made before is not followed in it
  bool operator==(const Seen&) const = default;
};

/// How the log that a release stands in relates to the one that was followed.
enum class LogKinship {
  first,      ///< no release that a key of today signed was followed yet
  same,       ///< it has the COMMIT that was followed last
  shortened,  ///< the same share, but that COMMIT is gone: it was restored from a backup, or lost entries
  another,    ///< another share, perhaps made anew at the same place
};

/// A COMMIT, and the release that it names: its own, or an older one.
struct Naming {
  const SignedDescriptor& release;
  Position commit;
  Digest entry{};   ///< of its bytes
  WallTime said{};  ///< its time
};

/// How far ahead of this host's clock a leader's may be, for a release that comes in another log.
inline constexpr std::chrono::hours kClockSkew{1};

/// May what it names be followed? In the log that is followed: what a later COMMIT names, also an older release, if
/// that was said, or the release made, after this host came to the log. In any other: what was made later than the
/// newest release that was followed, or has the same tree. `share`: its name. Errors: refused.
[[nodiscard]] Result<void> may_follow(const Seen& seen, const Naming& named, LogKinship kinship, WallTime now,
                                      const std::string& share);

/// What to remember once it is followed.
[[nodiscard]] Seen followed(const Seen& seen, const Naming& named, LogKinship kinship, WallTime now,
                            std::string cluster, std::string key);
/// The same release, named again.
[[nodiscard]] Seen followed_on(Seen seen, const Naming& named);

/// When it was made; 1970 if it does not say.
[[nodiscard]] WallTime made_at(const Descriptor& release);

/// What can be known without the file: from releases that this host has, and whose signature is good.
[[nodiscard]] Seen seen_from(const std::vector<SignedDescriptor>& releases);

/// load_seen(), or as much as the store's records say where that is damaged or from 0.1. Errors: what the store fails
/// with.
[[nodiscard]] Result<Seen> recall_seen(const Path& state, const Store& store, const TrustedKeys& keys);

/// Nothing followed yet if there is no file. Errors: refused: it is damaged.
[[nodiscard]] Result<Seen> load_seen(const Path& state);
/// Flushed.
[[nodiscard]] Result<void> save_seen(const Path& state, const Seen& seen);

}  // namespace swarmout
