#include "seeder/election.hpp"

#include "common/duration.hpp"
#include "common/failpoint.hpp"
#include "common/live_records.hpp"
#include "seeder/liveness.hpp"
#include "seeder/slot.hpp"

#include <fmt/format.h>

#include <random>

namespace swarmout {

namespace {

std::chrono::milliseconds random_up_to(std::chrono::milliseconds limit) {
  static thread_local std::random_device device;
  return std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(0, limit.count())(device));
}

std::string for_slot(const std::string& slot) {
  return slot.empty() ? "" : fmt::format("slot {} ", slot);
}

/// Watches the holder of `claim`. Returns when it turns out alive or stale, or when the log has moved on (unknown).
Result<Verdict> watch(Share& share, LogReader& log, Clock& clock, const ElectionSettings& settings,
                      const LogEntry& claim, std::string& shown, std::stop_token stop) {
  Liveness liveness(settings.beat, settings.stale_checks);
  const std::string cell_name = claim_cell(claim.position, claim.owner);
  const Position position = claim.position;
  while (true) {
    const auto cell = share.read_cell(CellKind::heartbeat, cell_name);
    Verdict verdict = Verdict::unknown;
    if (cell) {
      verdict = liveness.saw(clock.now(), *cell ? std::optional((*cell)->bytes) : std::nullopt);
      if (const auto info = *cell ? decode_heartbeat((*cell)->bytes) : fail(ErrorCode::not_found, "")) {
        shown = fmt::format("{}, {} files, {} MiB", info->phase, info->files, info->read / kMiB);
      }
    } else {
      liveness.missed();
    }
    TRY_ASSIGN(const LogView* view, log.refresh());
    if (view->tail() != position) {
      return Verdict::unknown;
    }
    if (verdict == Verdict::stale || (verdict == Verdict::alive && !settings.wait)) {
      return verdict;
    }
    if (!clock.sleep(settings.beat, stop)) {
      return fail(ErrorCode::temporary, "stopped on request");
    }
  }
}

/// Puts a CLAIM. Errors: temporary, if its outcome is unknown.
Result<std::optional<Leadership>> claim(Share& share, const LogView& log, const ElectionSettings& settings,
                                        const Decision& decision, WallTime now) {
  LogEntry entry;
  entry.kind = EntryKind::claim;
  entry.position = decision.position;
  entry.previous = log.tail_digest();
  entry.owner = random_nonce_hex();
  entry.slot = settings.slot;
  entry.attempt = decision.attempt;
  sign_in(entry, now);
  const std::string bytes = encode(entry);
  failpoint("before-claim");
  const PutResult put = share.put(entry.position, bytes);
  failpoint("after-claim");
  switch (put.outcome) {
    case PutOutcome::won:
      return Leadership{entry.position, sha256(bytes), entry.owner, settings.slot, decision.attempt};
    case PutOutcome::lost:
      return std::nullopt;
    case PutOutcome::unknown: {
      Error error = put.error;
      error.message = fmt::format("the outcome of claiming {}is unknown: {}", for_slot(settings.slot), error.message);
      if (error.code != ErrorCode::cannot_write) {
        error.code = ErrorCode::temporary;
      }
      return tl::unexpected(std::move(error));
    }
  }
  std::abort();
}

}  // namespace

Decision decide(const LogView& log, const ElectionSettings& settings, WallTime now) {
  if (!settings.slot.empty()) {
    if (const LogEntry* const done = log.commit_of(settings.slot)) {
      return {Decision::Kind::published, done->release, 1,
              fmt::format("slot {} was published by {} at {}", settings.slot, done->host, done->time)};
    }
  } else if (const LogEntry* const last = log.last_commit(); last != nullptr && settings.hold_off.count() > 0) {
    const auto then = parse_utc(last->time);
    if (then && now - *then < settings.hold_off && *then - now < settings.hold_off) {
      return {Decision::Kind::published, last->release, 1,
              fmt::format("{} was published at {}, less than {} ago", last->revision, last->time,
                          to_text(settings.hold_off))};
    }
  }
  if (const LogEntry* const open = log.open_claim()) {
    return {Decision::Kind::watch, open->position, 1, {}};
  }
  const unsigned claims = settings.slot.empty() ? 0 : log.claims_of(settings.slot);
  if (claims >= settings.max_attempts) {
    return {
        Decision::Kind::gave_up,
        {},
        claims,
        fmt::format("slot {} failed {} times and is given up; last on {}", settings.slot, claims, log.last_failure())};
  }
  return {Decision::Kind::claim, log.tail().next(), claims + 1, {}};
}

Result<ElectionOutcome> elect(Share& share, LogReader& log, Clock& clock, const ElectionSettings& settings,
                              std::stop_token stop) {
  if (!clock.sleep(random_up_to(settings.splay), stop)) {
    return fail(ErrorCode::temporary, "stopped on request");
  }
  while (true) {
    TRY_ASSIGN(const LogView* view, log.refresh());
    TRY_ASSIGN(WallTime now, share.now());
    Decision decision = decide(*view, settings, now);
    if (decision.kind == Decision::Kind::watch) {
      const LogEntry holder = *view->open_claim();
      std::string shown;
      TRY_ASSIGN(const Verdict verdict, watch(share, log, clock, settings, holder, shown, stop));
      if (verdict == Verdict::alive) {
        return SomebodyElse{fmt::format("{}is at work on {} since {} (epoch {}; {})", for_slot(holder.slot),
                                        holder.host, holder.time, holder.position.value, shown)};
      }
      if (verdict == Verdict::unknown) {
        continue;  // the log moved on: decide anew
      }
      if (!clock.sleep(random_up_to(settings.takeover_jitter), stop)) {
        return fail(ErrorCode::temporary, "stopped on request");
      }
      TRY_ASSIGN(view, log.refresh());
      if (view->tail() != holder.position) {
        continue;
      }
      TRY_ASSIGN(now, share.now());
      const unsigned claims = settings.slot.empty() ? 0 : view->claims_of(settings.slot);
      decision = {Decision::Kind::claim, holder.position.next(), claims + 1, {}};
      if (claims >= settings.max_attempts) {
        decision.kind = Decision::Kind::gave_up;
        decision.message = fmt::format("slot {} failed {} times and is given up; the last host, {}, fell silent",
                                       settings.slot, claims, holder.host);
      }
    }
    switch (decision.kind) {
      case Decision::Kind::published:
        return AlreadyPublished{decision.position, decision.message};
      case Decision::Kind::gave_up:
        return fail(ErrorCode::failed, decision.message, "see `swarmout status`; a new slot starts afresh");
      case Decision::Kind::claim: {
        TRY_ASSIGN(auto won, claim(share, *view, settings, decision, now));
        if (won) {
          return *won;
        }
        break;  // somebody was faster: read what they wrote and decide anew
      }
      case Decision::Kind::watch:
        std::abort();
    }
  }
}

}  // namespace swarmout
