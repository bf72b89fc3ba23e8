#include "seeder/election/election.hpp"

#include "common/base/host.hpp"
#include "common/fleet/leader.hpp"
#include "common/fleet/leader_record.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/fleet/strays.hpp"
#include "seeder/election/put_claim.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <random>
#include <set>

namespace swarmout {

namespace {

std::chrono::milliseconds random_up_to(std::chrono::milliseconds limit) {
  static thread_local std::random_device device;
  return std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(0, limit.count())(device));
}

tl::unexpected<Error> stopped() {
  return fail(ErrorCode::temporary, "stopped on request");
}

/// A deputy's place at one claim, given back when this goes.
class Seat {
public:
  Seat(Share& share, std::string cell) : share_(share), cell_(std::move(cell)) {}
  ~Seat() { [[maybe_unused]] const auto gone = share_.remove_cell(CellKind::heartbeat, cell_); }  // else it ages away
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

private:
  Share& share_;
  std::string cell_;
};

/// What an election needs of the world.
struct Arena {
  Share& share;
  LogReader& log;
  Clock& clock;
  FleetKeys keys;
};

/// A seat that nobody with a trusted key has taken is free, whatever is written on it.
bool seat_is_free(const Arena& arena, const std::string& cell, const DeputySeat& seat, const std::string& ours) {
  if (arena.share.create_cell(CellKind::heartbeat, cell, ours).value_or(false)) {
    return true;
  }
  const auto there = arena.share.read_cell(CellKind::heartbeat, cell);
  const bool foreign =
      there ? !*there || !check_seat((*there)->bytes, seat, arena.keys.trusted) : is_no_cell(there.error());
  return foreign && arena.share.write_cell(CellKind::heartbeat, cell, ours).has_value();
}

std::unique_ptr<Seat> take_seat(const Arena& arena, const LogEntry& holder, unsigned deputies) {
  for (unsigned i = 1; i <= deputies; ++i) {
    const DeputySeat seat{{holder.position, holder.owner}, i, host_name()};
    const std::string cell = fmt::format("{}.seat{}", claim_cell(seat.claim), i);
    const auto ours = encode(seat, arena.keys.signer);
    if (ours && seat_is_free(arena, cell, seat, *ours)) {
      return std::make_unique<Seat>(arena.share, cell);
    }
  }
  return nullptr;
}

/// What was found that no leader wrote: each thing is said once in a run.
class Complaints {
public:
  void about(const std::optional<Error>& found) {
    if (found && said_.insert(found->message).second) {
      spdlog::warn("{}", to_string(*found));
    }
  }

private:
  std::set<std::string> said_;
};

bool near(WallTime beat, WallTime now) {
  return beat > now - kBeatAge && beat < now + kBeatAge;
}

/// The beat of the open claim's leader, as far as it is one.
Result<std::optional<HeartbeatInfo>> beat_of(const Arena& arena, const LogEntry& open, Complaints& complaints) {
  TRY_ASSIGN(const BeatCell cell, read_beat(arena.share, open, arena.keys.trusted));
  complaints.about(cell.bad);
  if (!cell.beat) {
    return std::nullopt;
  }
  const HeartbeatInfo& beat = cell.beat->info;
  if (!near(beat.time, arena.clock.wall())) {  // either this host's clock is wrong, or it was put there again
    TRY_ASSIGN(const WallTime now, arena.share.now());
    if (!near(beat.time, now)) {
      complaints.about(
          about_cell("heartbeat", open, arena.share.name(),
                     {ErrorCode::refused, fmt::format("it is of {}, and now it is {}", utc(beat.time), utc(now)), {}}));
      return std::nullopt;
    }
  }
  return beat;
}

/// Whether the number after our CLAIM is free: what stands there already is nobody's COMMIT, and never will be ours.
bool can_end(const Arena& arena, const Leadership& leadership) {
  const auto after = arena.share.read(leadership.claim.next());
  return after ? !after->has_value() : after.error().code != ErrorCode::refused;
}

class Election {
public:
  Election(const Arena& arena, const ElectionSettings& settings, const BeforeClaim& before_claim)
      : arena_(arena), settings_(settings), before_claim_(before_claim), contender_(settings, random_up_to) {}

  Result<ElectionOutcome> run(const std::stop_token& stop) {
    while (true) {
      TRY_ASSIGN(const LogView* view, arena_.log.refresh());
      complaints_.about(about_strays(*view, arena_.share.name()));
      TRY_ASSIGN(const Look look, look_at(*view));
      const NextStep next = contender_.step(look);
      if (const auto* again = std::get_if<LookAgain>(&next)) {
        if (!arena_.clock.sleep(again->wait, stop)) {
          return stopped();
        }
      } else if (std::holds_alternative<TakeSeat>(next)) {
        seat_ = take_seat(arena_, *view->open_claim(), settings_.deputies);
        seat_of_ = view->tail();
        contender_.seated(seat_ != nullptr);
      } else if (const auto* wanted = std::get_if<MakeClaim>(&next)) {
        TRY_ASSIGN(auto won, put_claim({arena_.share, arena_.log, arena_.clock, arena_.keys.signer}, *view,
                                       {wanted->position, settings_.slot, wanted->attempt}, before_claim_));
        if (won && can_end(arena_, *won)) {
          return *won;
        }
        if (won) {
          TRY(note_hindered(won->claim));
        }
      } else if (const auto* published = std::get_if<AlreadyPublished>(&next)) {
        return *published;
      } else if (const auto* held = std::get_if<FleetHeld>(&next)) {
        return *held;
      } else if (const auto* other = std::get_if<SomebodyElse>(&next)) {
        return *other;
      } else {
        return tl::unexpected(std::get<Error>(next));
      }
    }
  }

private:
  Result<Look> look_at(const LogView& view) {
    WallTime now = arena_.clock.wall();
    if (settings_.slot.empty() && settings_.hold_off.count() > 0) {
      TRY_ASSIGN(now, arena_.share.now());
    }
    Look look{view, now, arena_.clock.now()};
    if (view.tail() != seat_of_) {
      seat_.reset();
    }
    if (const LogEntry* const open = view.open_claim()) {
      auto beat = beat_of(arena_, *open, complaints_);
      look.heartbeat_read = beat.has_value();
      look.heartbeat = std::move(beat).value_or(std::nullopt);
      look.now = arena_.clock.now();
    }
    return look;
  }

  /// The next CLAIM goes behind what is in the way.
  Result<void> note_hindered(Position claim) {
    if (++hindered_ > kMaxStrays) {
      return fail(ErrorCode::refused,
                  fmt::format("the number after each of {} claims, {} the last of them, was taken by something that is "
                              "not signed",
                              hindered_, claim.value),
                  "somebody or something else writes to the share; find out who");
    }
    return {};
  }

  const Arena& arena_;
  const ElectionSettings& settings_;
  const BeforeClaim& before_claim_;
  Contender contender_;
  Complaints complaints_;
  std::unique_ptr<Seat> seat_;
  Position seat_of_;
  std::size_t hindered_ = 0;
};

}  // namespace

Result<ElectionOutcome> elect(Share& share, LogReader& log, Clock& clock, const Signer& signer,
                              const ElectionSettings& settings, std::stop_token stop, const BeforeClaim& before_claim) {
  if (!clock.sleep(random_up_to(settings.splay), stop)) {
    return stopped();
  }
  const Arena arena{share, log, clock, {signer, log.keys()}};
  return Election(arena, settings, before_claim).run(stop);
}

}  // namespace swarmout
