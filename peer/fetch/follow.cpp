#include "peer/fetch/follow.hpp"

#include "common/base/key_values.hpp"
#include "common/fleet/leader_record.hpp"
#include "common/fleet/record_fields.hpp"
#include "common/fleet/registry.hpp"
#include "common/fleet/strays.hpp"
#include "common/fleet/trust.hpp"

#include <fmt/format.h>

namespace swarmout {

std::chrono::milliseconds look_interval(std::chrono::milliseconds poll, bool in_progress, std::size_t fleet) {
  return in_progress ? share_interval(fleet, std::chrono::milliseconds(200), poll) : poll;
}

Result<Wanted> Follower::look() {
  TRY_ASSIGN(const LogView* log, log_.refresh());
  Wanted wanted;
  Result<void> followed;
  if (const LogEntry* const current = log->current_release()) {
    followed = judge_published(*log, *current, wanted);
    if (!followed && followed.error().code != ErrorCode::refused) {
      return tl::unexpected(followed.error());
    }
  }
  // While the fleet is held nobody is at work: a CLAIM that stays open is of somebody who steered, and was killed.
  wanted.in_progress = log->open_claim() != nullptr && !log->hold();
  wanted.newest_word = freshness_of(*log, clock_.wall());
  wanted.foreign = about_strays(*log, share_.name());
  if (const auto leader = known_leader(share_, *log, keys_)) {
    add_leader(*log, *leader, wanted);
  }
  if (!wanted.staged) {  // else what comes next is newer again, and waits for the peers' copies
    TRY(followed);
  }
  return wanted;
}

/// How this log relates to the one that was followed: the same share, and what was followed last is still where it was.
Result<LogKinship> Follower::kinship(const LogView& log) {
  const bool of_a_trusted_key = seen_.key.empty() || keys_.has(seen_.key);
  if (seen_.position.value == 0 || !of_a_trusted_key) {
    return LogKinship::first;  // nothing that a key of the past signed can come again
  }
  if (!seen_.cluster.empty() && seen_.cluster != log_.cluster()) {
    return LogKinship::another;
  }
  if (seen_.commit > log.tail()) {
    return LogKinship::shortened;
  }
  if (seen_.release == Digest{}) {
    return LogKinship::same;  // of 0.1: there is only the number to go by
  }
  return seen_.entry != Digest{} ? kinship_by_entry(log) : kinship_by_release(log);
}

Result<std::string> Follower::bytes_of(Position position) {
  TRY_ASSIGN(auto bytes, share_.read(position));
  if (!bytes) {
    return fail(ErrorCode::temporary, fmt::format("log entry {} of {} cannot be seen although a later one can",
                                                  position.value, share_.name()));
  }
  return *std::move(bytes);
}

Result<LogKinship> Follower::kinship_by_entry(const LogView& log) {
  auto there = log.digest_at(seen_.commit);
  if (!there) {
    TRY_ASSIGN(const std::string bytes, bytes_of(seen_.commit));
    there = sha256(bytes);
  }
  return *there == seen_.entry ? LogKinship::same : LogKinship::shortened;
}

Result<SignedDescriptor> Follower::release_at(Position position) {
  TRY_ASSIGN(const std::string bytes, bytes_of(position));
  return trusted(record_of(bytes, position, log_.cluster(), keys_).entry, keys_);
}

/// What was followed by a version that did not remember the COMMIT.
Result<LogKinship> Follower::kinship_by_release(const LogView& log) {
  std::string descriptor;
  if (const LogEntry* const there = log.at(seen_.position)) {
    descriptor = there->descriptor;
  } else {
    TRY_ASSIGN(const std::string bytes, bytes_of(seen_.position));
    descriptor = record_of(bytes, seen_.position, log_.cluster(), keys_).entry.descriptor;
  }
  return sha256(descriptor) == seen_.release ? LogKinship::same : LogKinship::shortened;
}

Result<void> Follower::judge_published(const LogView& log, const LogEntry& current, Wanted& wanted) {
  TRY_ASSIGN(auto release, trusted(current, keys_));
  const LogEntry& commit = *log.last_commit();
  const Naming named{release, commit.position, log.digest_at(commit.position).value_or(Digest{}),
                     parse_utc(commit.time).value_or(WallTime{})};
  const bool known = digest_of(release) == seen_.release && seen_.cluster == log_.cluster();
  if (known) {
    seen_ = followed_on(seen_, named);
  } else {
    TRY_ASSIGN(const LogKinship kinship, this->kinship(log));
    TRY(may_follow(seen_, named, kinship, clock_.wall(), share_.name()));
    if (kinship == LogKinship::another || kinship == LogKinship::shortened) {
      wanted.news = fmt::format("release {} on {} is followed after release {}: {}", release.descriptor.position.value,
                                share_.name(), seen_.position.value,
                                kinship == LogKinship::another ? "this is another share than before"
                                                               : "the share has lost what was followed");
    }
    seen_ = followed(seen_, named, kinship, clock_.wall(), log_.cluster(), signed_with(release.signature));
  }
  wanted.published = std::move(release);
  return {};
}

Result<void> Follower::judge_staged(const LogView& log, const LogEntry& claim, const SignedDescriptor& staged) {
  TRY(keys_.verify(staged.text, staged.signature));
  REFUSE_UNLESS(staged.descriptor.position == claim.position.next(), "it is for another position");
  TRY_ASSIGN(const LogKinship kinship, this->kinship(log));
  return may_follow(seen_, {staged, claim.position.next()}, kinship, clock_.wall(), share_.name());
}

/// Where it serves and, while its claim is open, what it has staged.
void Follower::add_leader(const LogView& log, const KnownLeader& leader, Wanted& wanted) {
  if (leader.beat) {
    wanted.leader = leader.beat->info.endpoint;
    wanted.tracker = leader.beat->info.tracker;
    wanted.leader_rate = leader.beat->info.line_rate;
  }
  if (leader.bad_beat && !wanted.foreign) {
    wanted.foreign = leader.bad_beat;
  }
  if (!leader.at_work) {
    return;
  }
  const LogEntry& claim = *leader.claim;
  const ClaimId id{claim.position, claim.owner};
  const auto stage = share_.read_cell(CellKind::stage, claim_cell(id));
  if (stage ? !*stage : !is_no_cell(stage.error())) {
    return;
  }
  auto staged = stage ? decode_staged((*stage)->bytes, id, keys_) : tl::unexpected(stage.error());
  const auto good = staged ? judge_staged(log, claim, staged->release) : tl::unexpected(staged.error());
  if (!good) {
    Error error = good.error();  // of the leader's words only its host's name, which a key of the fleet has signed
    error.message =
        fmt::format("not fetching what {} has staged: {}", printable(short_text(claim.host)), error.message);
    wanted.bad_stage = std::move(error);
    return;
  }
  wanted.staged = std::move(staged->release);
  wanted.leader = staged->endpoint;
  wanted.tracker = staged->tracker;
}

}  // namespace swarmout
