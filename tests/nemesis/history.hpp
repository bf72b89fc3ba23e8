// What must hold of any run of the election, whatever failed meanwhile. Judged afterwards, from the log itself, what
// each host said, and what can be fetched.
//
//   C1  at most one COMMIT a slot
//   C2  the chain is whole, and each COMMIT follows the CLAIM of its owner
//   C3  whoever says "published" owns a COMMIT; whoever owns one said so, or "unknown", or died
//   C4  what each COMMIT names can be had, whole
//   C5  after one undisturbed run its slot is done
//   C6  losers end with 0 and print nothing

#pragma once

#include "common/fleet/log_entry.hpp"
#include "common/share/share.hpp"
#include "tests/support/fleet_keys.hpp"

#include <functional>
#include <string>
#include <vector>

namespace swarmout::test {

/// One run of one host.
struct HostRun {
  enum class End { published, unchanged, left, fenced, unknown, failed, died };
  std::string author;  ///< tells whose an entry is
  End end = End::left;
  std::string slot;
  int status = 0;
  std::string output;  ///< both streams, unless it was asked to be talkative
};

struct History {
  std::vector<std::string> entries;  ///< the bytes of 1, 2, …
  TrustedKeys keys = fleet_trust();  ///< that have signed them
  std::vector<HostRun> runs;
  std::string last_slot;  ///< of the undisturbed run at the end; empty: there was none
  std::function<std::string(const LogEntry&)> author_of;
  std::function<bool(const LogEntry&)> complete;  ///< is what a COMMIT names there, whole?
};

struct Findings {
  std::vector<std::string> violations;  ///< each begins with the rule's name; empty: all is well
  std::size_t commits = 0;              ///< that were checked
};
[[nodiscard]] Findings check(const History& history);

/// All entries of a share.
[[nodiscard]] std::vector<std::string> entries_of(Share& share);

}  // namespace swarmout::test
