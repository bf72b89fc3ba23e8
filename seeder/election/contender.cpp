#include "seeder/election/contender.hpp"

#include "common/base/duration.hpp"
#include "common/fleet/log_entry.hpp"
#include "common/release/descriptor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace swarmout {

namespace {

std::string times(unsigned count) {
  return count == 1 ? "once" : fmt::format("{} times", count);
}

constexpr unsigned kMaxDoublings = 10;

std::string for_slot(const std::string& slot) {
  return slot.empty() ? "" : fmt::format("slot {} ", slot);
}

std::string name_of_slot(const ElectionSettings& settings) {
  return settings.called.empty() ? "slot " + settings.slot : settings.called;
}

std::string progress_of(const std::optional<HeartbeatInfo>& info) {
  return info ? fmt::format("{}, {} files, {} MiB", name_of(info->phase), info->files, info->read / kMiB)
              : "no news yet";
}

std::optional<std::uint64_t> counter_of(const std::optional<HeartbeatInfo>& info) {
  return info ? std::optional(info->counter) : std::nullopt;
}

}  // namespace

std::string held_sentence(const Hold& hold, const LogView& log) {
  const LogEntry* const release = log.current_release();
  const std::string where =
      release != nullptr ? fmt::format("on {} ", release_title(ReleaseNames{release->position, release->revision}))
                         : "";
  return fmt::format("held {}by {} since {}: {}", where, hold.host, hold.time, hold.reason);
}

Decision decide(const LogView& log, const ElectionSettings& settings, WallTime now) {
  if (!settings.slot.empty()) {
    if (const LogEntry* const done = log.commit_of(settings.slot)) {
      return {Decision::Kind::published, done->release, 1,
              fmt::format("{} was published by {} at {}", name_of_slot(settings), done->host, done->time)};
    }
  }
  if (const auto hold = log.hold()) {
    return {Decision::Kind::held, hold->position, 1, held_sentence(*hold, log)};
  }
  // A COMMIT by hand has published nothing: `resume` holds off nobody.
  if (const LogEntry* const last = log.last_commit();
      settings.slot.empty() && last != nullptr && !last->hold && settings.hold_off.count() > 0) {
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
    return {Decision::Kind::gave_up,
            {},
            claims,
            fmt::format("{} failed {} and is given up; last on {}", name_of_slot(settings), times(claims),
                        log.last_failure())};
  }
  return {Decision::Kind::claim, log.tail().next(), claims + 1, {}};
}

NextStep Contender::step(const Look& look) {
  if (look.log.tail() != seen_ || seen_.value == 0) {
    begin_watching(look.log.tail());
  }
  const Decision decision = decide(look.log, settings_, look.share_time);
  switch (decision.kind) {
    case Decision::Kind::published:
      return AlreadyPublished{decision.position, decision.message};
    case Decision::Kind::held:
      return FleetHeld{decision.message};
    case Decision::Kind::gave_up:
      return Error{ErrorCode::failed, decision.message, settings_.cure};
    case Decision::Kind::watch:
      return watch(look, *look.log.open_claim());
    case Decision::Kind::claim: {
      if (decision.attempt > 2 && !not_before_) {
        not_before_ = look.now + settings_.retry_wait * (1U << std::min(decision.attempt - 3, kMaxDoublings));
      }
      return claim_next(look, decision.attempt);
    }
  }
  std::abort();
}

void Contender::begin_watching(Position tail) {
  seen_ = tail;
  liveness_ = Liveness(settings_.beat, settings_.stale_checks);
  seat_ = Seat::not_asked;
  alive_ = false;
  not_before_.reset();
}

NextStep Contender::watch(const Look& look, const LogEntry& holder) {
  if (!settings_.dead_owner.empty() && holder.owner == settings_.dead_owner) {
    return take_over(look, holder);
  }
  if (!look.heartbeat_read) {
    liveness_.missed();
    not_before_.reset();
    return LookAgain{settings_.beat};
  }
  if (std::exchange(just_seated_, false)) {
    return LookAgain{settings_.beat};  // a second look at the same moment would count as one without a change
  }
  const Verdict verdict = liveness_.saw(look.now, counter_of(look.heartbeat));
  alive_ = alive_ || verdict == Verdict::alive;
  if (alive_ && !settings_.wait && seat_ != Seat::taken) {
    if (seat_ == Seat::not_asked && settings_.deputies > 0) {
      return TakeSeat{holder.position};
    }
    return SomebodyElse{fmt::format("{}is at work on {} since {} (epoch {}; {})", for_slot(holder.slot), holder.host,
                                    holder.time, holder.position.value, progress_of(look.heartbeat))};
  }
  if (verdict != Verdict::stale) {
    not_before_.reset();
    return LookAgain{settings_.beat};
  }
  if (!not_before_) {
    not_before_ = look.now + random_(settings_.takeover_jitter);  // of many observers, let one be first
  }
  return take_over(look, holder);
}

NextStep Contender::take_over(const Look& look, const LogEntry& holder) {
  const unsigned claims = settings_.slot.empty() ? 0 : look.log.claims_of(settings_.slot);
  if (claims >= settings_.max_attempts) {
    return Error{ErrorCode::failed,
                 fmt::format("{} failed {} and is given up; the last host, {}, fell silent", name_of_slot(settings_),
                             times(claims), holder.host),
                 settings_.cure};
  }
  return claim_next(look, claims + 1);
}

NextStep Contender::claim_next(const Look& look, unsigned attempt) {
  if (not_before_ && look.now < *not_before_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*not_before_ - look.now);
    return LookAgain{std::min(left, settings_.beat)};  // the one we are waiting for may yet show signs of life
  }
  return MakeClaim{look.log.tail().next(), attempt};
}

}  // namespace swarmout
