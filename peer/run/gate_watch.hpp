// Waits at the gate: looks at this host, at the share and, where it matters, at the fleet, until the job may begin or
// the time is over.
//
// `current` is looked at five times a second, which costs a readlink(2); the share as often as the service does it
// (look_interval()), and at once when `current` has changed. A share that is away is waited for: only what it has
// said last counts.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/files.hpp"
#include "common/base/host.hpp"
#include "common/share/share.hpp"
#include "peer/run/gate.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace swarmout {

/// What to do when the release is not there in time.
enum class IfLate {
  wait,  ///< --wait is how long; then it is an error
  old,   ///< work on what is active
  skip,  ///< do nothing, which is an error, too: status 75
};

inline constexpr std::chrono::hours kWaitAtGate{1};

struct GateOptions {
  ShareAddress share;
  Path dest = kDefaultDest;
  Path state = kDefaultState;
  Path keys = kDefaultKeys;
  std::string slot;                ///< its release is wanted; empty: none
  std::chrono::seconds period{0};  ///< not 0: the slot comes from the share's clock
  std::string revision;            ///< wanted; before a slot; empty: none. Neither: the newest release
  double quorum = 0;               ///< part of the live hosts
  IfLate if_late = IfLate::wait;
  /// None: an hour with IfLate::wait, or nine tenths of the period, so that the next run can begin; else no time at
  /// all.
  std::optional<std::chrono::milliseconds> wait{};
  bool name_all = false;  ///< who lags behind is wanted for its own sake, however large the fleet is
  std::chrono::milliseconds poll{2000};

  /// How long at most it is waited for.
  [[nodiscard]] std::chrono::milliseconds patience() const {
    const std::chrono::milliseconds most = kWaitAtGate;
    const std::chrono::milliseconds before_next = period * 9 / 10;
    return wait.value_or(if_late != IfLate::wait ? std::chrono::milliseconds(0)
                         : period.count() > 0    ? std::min(most, before_next)
                                                 : most);
  }
};

/// Between two looks at `current`.
inline constexpr std::chrono::milliseconds kLookHere{200};

struct GateEnd {
  GateSight sight;
  GateAnswer answer;  ///< `go`; anything else: the time is over
  std::string slot;   ///< empty: none, or not known
  [[nodiscard]] bool open() const { return answer.kind == GateAnswer::Kind::go; }
};

/// One sentence for people, as it happens: that the share is away, and that it is back.
using GateNews = std::function<void(const std::string&)>;

/// Errors: temporary: stopped; usage: what no waiting mends: a share's address, keys that cannot be read.
[[nodiscard]] Result<GateEnd> wait_at_gate(const GateOptions& options, Clock& clock, std::stop_token stop,
                                           const GateNews& news);

}  // namespace swarmout
