// The operator's way to end a claim whose leader is gone: an ABANDON in its name. Safe at any time: if the leader is
// alive after all, its COMMIT wants the same number, and one of the two gets it.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/log_view.hpp"
#include "common/share/share.hpp"
#include "seeder/election/publish.hpp"

#include <chrono>
#include <stop_token>
#include <string>

namespace swarmout {

struct AbandonOptions {
  Position claim;
  bool force = false;                                         ///< do not look whether its leader is alive
  std::chrono::milliseconds watch{std::chrono::seconds(30)};  ///< how long its heartbeat must not move: three beats
  std::chrono::milliseconds patience{std::chrono::seconds(30)};
};

/// Returns a sentence about what was done.
///
/// Errors:
///   not_found  there is no such entry
///   usage      it is no claim, or one that has ended; the message says how
///   temporary  its leader is alive; somebody else was faster; the share does not answer
[[nodiscard]] Result<std::string> abandon_claim(const Pen& pen, const AbandonOptions& options, std::stop_token stop);

}  // namespace swarmout
