// Which one host does the work: put-if-absent of the next CLAIM in the log.
//
// Time decides only who tries, never what is true: a wrong "it is dead" costs a second export, never a second
// publication, because a successor's CLAIM and the old holder's COMMIT want the same number.

#pragma once

#include "common/clock.hpp"
#include "common/log_view.hpp"
#include "common/share.hpp"

#include <stop_token>
#include <string>
#include <variant>

namespace swarmout {

struct ElectionSettings {
  std::string slot;                       ///< empty: none
  std::chrono::milliseconds hold_off{0};  ///< without a slot: nothing to do if the last COMMIT is younger
  std::chrono::milliseconds splay{2000};  ///< a random wait at the start, against 1,000 hosts in one second
  std::chrono::milliseconds beat{10000};  ///< how often leaders beat, and how often we look
  unsigned stale_checks = 6;
  std::chrono::milliseconds takeover_jitter{20000};
  unsigned max_attempts = 3;  ///< claims of one slot; a job that kills its host must not go through the fleet
  bool wait = false;          ///< stay until the slot is published, and take over if its leader dies
};

struct Leadership {
  Position claim;
  Digest claim_digest;  ///< for the chain of the entry that ends it
  std::string owner;
  std::string slot;
  unsigned attempt = 1;
};
struct AlreadyPublished {
  Position release;
  std::string message;
};
struct SomebodyElse {
  std::string message;
};
using ElectionOutcome = std::variant<Leadership, AlreadyPublished, SomebodyElse>;

/// What the log alone says about this run. Pure.
struct Decision {
  enum class Kind { published, gave_up, watch, claim } kind = Kind::claim;
  Position position;  ///< published: the release; watch: the claim; claim: the number to take
  unsigned attempt = 1;
  std::string message;
};
[[nodiscard]] Decision decide(const LogView& log, const ElectionSettings& settings, WallTime now);

/// Contends. Errors: failed, if the slot was given up; temporary: share unreachable, outcome unknown, stopped.
[[nodiscard]] Result<ElectionOutcome> elect(Share& share, LogReader& log, Clock& clock,
                                            const ElectionSettings& settings, std::stop_token stop);

}  // namespace swarmout
