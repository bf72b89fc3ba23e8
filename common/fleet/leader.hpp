// Who leads, or led last and may still serve: one rule for everybody who asks.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/leader_record.hpp"
#include "common/fleet/log_view.hpp"
#include "common/share/share.hpp"

#include <optional>

namespace swarmout {

struct Beat {
  HeartbeatInfo info;
  WallTime written{};  ///< by the share's clock
};

/// What stands where the leader of a CLAIM beats.
struct BeatCell {
  std::optional<Beat> beat;  ///< none: there is nothing yet, or `bad`
  std::optional<Error> bad;  ///< what is there is not its leader's: not signed for its claim, or no cell at all
};

/// Errors: temporary, unavailable: the share does not answer, which says nothing about the leader.
[[nodiscard]] Result<BeatCell> read_beat(Share& share, const LogEntry& claim, const TrustedKeys& keys);

/// The holder of a CLAIM.
struct KnownLeader {
  const LogEntry* claim = nullptr;  ///< of the view that was asked
  bool at_work = false;             ///< its claim is open; else it may serve on what it has committed
  std::optional<Beat> beat;         ///< none: it said nothing yet, has left, or its cell cannot be read at the moment
  std::optional<Error> bad_beat{};  ///< its cell is there, but it is not the leader's
};

/// The CLAIM at the end of the log, else the one before the last COMMIT: a leader serves on after it, also when that
/// says "unchanged". If that was put by hand, the one of the release that it names; and while the fleet is held nobody
/// works under an open CLAIM: it is of somebody who steers, or was killed while he did. Null: nobody has led yet, as
/// far back as the view goes.
[[nodiscard]] const LogEntry* leading_claim(const LogView& log);

/// The holder of leading_claim(), with its heartbeat. The leader that died is known until its cell is tidied up: how
/// old the heartbeat is says how likely it is still there.
[[nodiscard]] std::optional<KnownLeader> known_leader(Share& share, const LogView& log, const TrustedKeys& keys);

/// Whoever published `release`, which may serve on after another host has begun to lead.
[[nodiscard]] std::optional<KnownLeader> publisher_of(Share& share, const LogView& log, Position release,
                                                      const TrustedKeys& keys);

}  // namespace swarmout
