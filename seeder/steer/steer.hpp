// By hand: go back, hold, resume. A CLAIM and a COMMIT by the rules of a run, so that what is at work is fenced, and
// two people who say different things are put in order by the log.

#pragma once

#include "common/fleet/log_reader.hpp"
#include "seeder/election/publish.hpp"

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

namespace swarmout {

struct SteerOrder {
  enum class Kind { rollback, hold, resume } kind = Kind::hold;
  Position release;                                              ///< rollback: to this one, which is published
  std::string reason;                                            ///< of rollback and hold: one line, at most kMaxHold
  std::chrono::milliseconds patience{std::chrono::seconds(30)};  ///< for numbers that others take, and lost replies
};

struct Steered {
  Position position;                 ///< of the COMMIT; 0: there was nothing to do
  Position release;                  ///< that is current from here on
  std::string revision;              ///< its
  std::optional<LogEntry> fenced{};  ///< the CLAIM of somebody at work, who will not publish
  std::string text;                  ///< what was done, a sentence
};

/// Safe at any time, whoever else writes.
///
/// Errors:
///   not_found  nothing is published yet, or not that release
///   temporary  the share does not answer, or others took every number for `patience`. After a lost reply it is not
///              known whether it was said; saying it again does no harm.
///   what the signer fails with
[[nodiscard]] Result<Steered> steer(const Pen& pen, LogReader& log, const SteerOrder& order, std::stop_token stop);

}  // namespace swarmout
