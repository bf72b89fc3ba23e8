// One run of `seed` at a time on a host, and who that is: a lock file that says so.
//
// What a run that was killed has left in it proves that its claim is nobody's any more: flock(2) ends with the process,
// and whoever has the lock next, in the same boot, may take that claim over at once. After another boot, or on a clone
// of the disk, the file proves nothing.
// Text form: docs/formats/state.md.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/files.hpp"
#include "common/base/result.hpp"
#include "common/fleet/leader_record.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace swarmout {

struct LockHolder {
  std::uint64_t pid = 0;  ///< 0: nobody holds it
  std::string boot;
  std::string since;        ///< for people
  MonotonicTime started{};  ///< the same for all processes of one boot
  std::string slot;         ///< empty: none
  std::string phase;        ///< empty: leads nothing
  std::string owner;        ///< of its latest CLAIM; empty: none
};

/// One thread.
class HostLock {
public:
  /// Nothing: another run has it. Errors: cannot_write.
  [[nodiscard]] static Result<std::optional<HostLock>> take(const Path& file, Clock& clock);
  HostLock(HostLock&&) = default;
  /// Leaves no holder in the file, but the owner of its claim: whether that has ended may be unknown.
  ~HostLock();
  HostLock& operator=(HostLock&&) = delete;

  /// Owner of the last claim of a run that held this lock before, in this boot, and has ended since. Empty: not known.
  [[nodiscard]] const std::string& dead_owner() const { return dead_owner_; }

  // What others are told. Failures do no harm: it is news for people, and for a takeover that else takes longer.
  void leads(const std::string& slot, const std::string& owner);
  void phase(Phase phase);

private:
  HostLock(Fd lock, LockHolder self, std::string dead_owner);
  void write();

  Fd lock_;
  LockHolder self_;
  std::string dead_owner_;
};

/// Who holds it, of a run that found it held. Of a holder that does not say who it is (it is none of ours, or could not
/// write) nobody knows since when: then `pid` is 0, and `since` and `started` are when a run of this host first met it,
/// which is kept beside the lock until the next one takes it. Errors: as replace_file(): without that a lock could be
/// held for ever, and nobody would say so.
[[nodiscard]] Result<LockHolder> holder_of(const Path& file, Clock& clock);

/// Of a run that found the lock held: nothing to worry about for `quiet` since the holder began; then an error. Errors:
/// temporary.
[[nodiscard]] Result<std::string> judge_holder(const LockHolder& holder, MonotonicTime now,
                                               std::chrono::milliseconds quiet);

}  // namespace swarmout
