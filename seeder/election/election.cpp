#include "seeder/election/election.hpp"

#include "common/base/failpoint.hpp"
#include "common/base/host.hpp"
#include "common/fleet/leader_record.hpp"
#include "common/fleet/log_reader.hpp"

#include <fmt/format.h>

#include <random>

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

std::unique_ptr<Seat> take_seat(Share& share, const LogEntry& holder, unsigned deputies) {
  for (unsigned i = 1; i <= deputies; ++i) {
    const std::string cell = fmt::format("{}.seat{}", claim_cell(holder.position, holder.owner), i);
    if (share.create_cell(CellKind::heartbeat, cell, host_name()).value_or(false)) {
      return std::make_unique<Seat>(share, cell);
    }
  }
  return nullptr;
}

/// Puts a CLAIM. Nothing: somebody was faster. Errors: temporary, if its outcome is unknown.
Result<std::optional<Leadership>> claim(Share& share, const LogView& log, const ElectionSettings& settings,
                                        const MakeClaim& wanted, WallTime now, const BeforeClaim& before_claim) {
  LogEntry entry;
  entry.kind = EntryKind::claim;
  entry.position = wanted.position;
  entry.previous = log.tail_digest();
  entry.owner = random_nonce_hex();
  entry.slot = settings.slot;
  entry.attempt = wanted.attempt;
  sign_in(entry, now);
  const std::string bytes = encode(entry);
  before_claim(entry.owner);
  failpoint("before-claim");
  const PutResult put = share.put(entry.position, bytes);
  failpoint("after-claim");
  switch (put.outcome) {
    case PutOutcome::won:
      return Leadership{entry.position, sha256(bytes), entry.owner, settings.slot, wanted.attempt};
    case PutOutcome::lost:
      return std::nullopt;
    case PutOutcome::unknown: {
      if (put.error.code == ErrorCode::cannot_write) {
        return tl::unexpected(put.error);
      }
      return fail(ErrorCode::temporary, fmt::format("the outcome of claiming epoch {} is unknown: {}",
                                                    wanted.position.value, put.error.message));
    }
  }
  std::abort();
}

}  // namespace

Result<ElectionOutcome> elect(Share& share, LogReader& log, Clock& clock, const ElectionSettings& settings,
                              std::stop_token stop, const BeforeClaim& before_claim) {
  if (!clock.sleep(random_up_to(settings.splay), stop)) {
    return stopped();
  }
  const bool needs_time = settings.slot.empty() && settings.hold_off.count() > 0;
  Contender contender(settings, random_up_to);
  std::unique_ptr<Seat> seat;
  Position seat_of;
  while (true) {
    TRY_ASSIGN(const LogView* view, log.refresh());
    WallTime now = clock.wall();
    if (needs_time) {
      TRY_ASSIGN(now, share.now());
    }
    Look look{*view, now, clock.now()};
    if (view->tail() != seat_of) {
      seat.reset();
    }
    if (const LogEntry* const open = view->open_claim()) {
      auto cell = share.read_cell(CellKind::heartbeat, claim_cell(open->position, open->owner));
      look.heartbeat_read = cell.has_value();
      look.heartbeat = cell && *cell ? std::optional(std::move((*cell)->bytes)) : std::nullopt;
      look.now = clock.now();
    }
    const NextStep next = contender.step(look);
    if (const auto* again = std::get_if<LookAgain>(&next)) {
      if (!clock.sleep(again->wait, stop)) {
        return stopped();
      }
    } else if (std::holds_alternative<TakeSeat>(next)) {
      seat = take_seat(share, *view->open_claim(), settings.deputies);
      seat_of = view->tail();
      contender.seated(seat != nullptr);
    } else if (const auto* wanted = std::get_if<MakeClaim>(&next)) {
      TRY_ASSIGN(auto won, claim(share, *view, settings, *wanted, now, before_claim));
      if (won) {
        return *won;
      }
    } else if (const auto* published = std::get_if<AlreadyPublished>(&next)) {
      return *published;
    } else if (const auto* other = std::get_if<SomebodyElse>(&next)) {
      return *other;
    } else {
      return tl::unexpected(std::get<Error>(next));
    }
  }
}

}  // namespace swarmout
