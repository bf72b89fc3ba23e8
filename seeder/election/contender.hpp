// One run's part in the election, as a state machine: fed with looks at the share and a clock, it says what to do next.
//
// Time decides only who tries, never what is true: a wrong "it is dead" costs a second export, never a second
// publication, because a successor's CLAIM and the old holder's COMMIT want the same number.
// The protocol: docs/election.md.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/leader_record.hpp"
#include "common/fleet/log_view.hpp"
#include "seeder/election/liveness.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <variant>

namespace swarmout {

struct ElectionSettings {
  std::string slot;      ///< empty: none
  std::string called{};  ///< what it is the slot of, to people; empty: "slot NAME"
  std::string cure{"see `swarmout status`; a new slot starts afresh"};  ///< once it is given up
  std::chrono::milliseconds hold_off{0};  ///< without a slot: nothing to do if the last COMMIT is younger
  std::chrono::milliseconds splay{2000};  ///< a random wait at the start, against 1,000 hosts in one second
  std::chrono::milliseconds beat{10000};  ///< how often leaders beat, and how often we look
  unsigned stale_checks = 6;              ///< looks without a change after which a leader counts as dead
  std::chrono::milliseconds takeover_jitter{20000};
  unsigned max_attempts = 3;  ///< claims of one slot; a job that kills its host must not go on for ever
  std::chrono::milliseconds retry_wait{10000};  ///< before the third attempt; doubled before each one after it
  unsigned deputies = 2;                        ///< losers that stay and watch the leader, and take over if it dies
  bool wait = false;                            ///< stay until the slot is published, as a deputy does
  /// Of a claim whose process is known to have ended (host_lock.hpp): it need not be watched. Empty: none is known.
  std::string dead_owner{};
};

struct Leadership {
  std::string log;  ///< the share's random id
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
/// Nothing is to be published: somebody said `hold`, or went back.
struct FleetHeld {
  std::string message;
};
using ElectionOutcome = std::variant<Leadership, AlreadyPublished, SomebodyElse, FleetHeld>;

/// What the log alone says about this run. Pure.
struct Decision {
  enum class Kind { published, held, gave_up, watch, claim } kind = Kind::claim;
  Position position;  ///< published: the release; watch: the claim; claim: the number to take
  unsigned attempt = 1;
  std::string message;
};
/// Who holds the fleet, why and since when.
[[nodiscard]] std::string held_sentence(const Hold& hold, const LogView& log);
[[nodiscard]] Decision decide(const LogView& log, const ElectionSettings& settings, WallTime now);

/// What was seen of the share at one moment.
struct Look {
  const LogView& log;
  WallTime share_time;  ///< matters for hold_off only
  MonotonicTime now;
  bool heartbeat_read = true;                ///< false: the share did not answer; nobody may be judged by it
  std::optional<HeartbeatInfo> heartbeat{};  ///< of the open claim, by its leader; nothing if there is none (yet)
};

/// What to do next.
struct LookAgain {
  std::chrono::milliseconds wait;
};
/// Try to become a deputy of this claim, report it with seated(), and look again at once.
struct TakeSeat {
  Position claim;
};
/// Put a CLAIM at this number. Lost: look again at once.
struct MakeClaim {
  Position position;
  unsigned attempt = 1;
};
using NextStep = std::variant<LookAgain, TakeSeat, MakeClaim, AlreadyPublished, SomebodyElse, FleetHeld, Error>;

/// Pure, but for `random`: a random time up to its argument.
class Contender {
public:
  using Random = std::function<std::chrono::milliseconds(std::chrono::milliseconds)>;
  Contender(ElectionSettings settings, Random random) : settings_(std::move(settings)), random_(std::move(random)) {}

  [[nodiscard]] NextStep step(const Look& look);
  void seated(bool taken) {
    seat_ = taken ? Seat::taken : Seat::refused;
    just_seated_ = taken;
  }

private:
  enum class Seat { not_asked, taken, refused };

  [[nodiscard]] NextStep watch(const Look& look, const LogEntry& holder);
  [[nodiscard]] NextStep take_over(const Look& look, const LogEntry& holder);
  [[nodiscard]] NextStep claim_next(const Look& look, unsigned attempt);
  void begin_watching(Position tail);

  ElectionSettings settings_;
  Random random_;
  Position seen_;  ///< the last entry that everything below is about
  Liveness liveness_{std::chrono::milliseconds(0), 0};
  Seat seat_ = Seat::not_asked;
  bool just_seated_ = false;
  bool alive_ = false;                       ///< its heartbeat changed while we watched
  std::optional<MonotonicTime> not_before_;  ///< of the takeover or the next attempt
};

}  // namespace swarmout
