#include "common/fleet/leader.hpp"

namespace swarmout {

namespace {

std::optional<Beat> last_beat(Share& share, const LogEntry& claim) {
  const auto cell = share.read_cell(CellKind::heartbeat, claim_cell(claim.position, claim.owner));
  if (!cell || !*cell) {
    return std::nullopt;
  }
  auto info = decode_heartbeat((*cell)->bytes);
  return info ? std::optional(Beat{*std::move(info), (*cell)->written}) : std::nullopt;
}

/// The CLAIM that the COMMIT at `commit` closed; null if it is not in this view.
const LogEntry* closed_claim(const LogView& log, Position commit) {
  const LogEntry* const before = commit.value > 1 ? log.at(commit.previous()) : nullptr;
  return before != nullptr && before->kind == EntryKind::claim ? before : nullptr;
}

std::optional<KnownLeader> holder_of(Share& share, const LogView& log, const LogEntry* claim) {
  if (claim == nullptr) {
    return std::nullopt;
  }
  return KnownLeader{claim, claim == log.open_claim(), last_beat(share, *claim)};
}

}  // namespace

const LogEntry* leading_claim(const LogView& log) {
  if (const LogEntry* const open = log.open_claim()) {
    return open;
  }
  const LogEntry* const commit = log.last_commit();
  return commit != nullptr ? closed_claim(log, commit->position) : nullptr;
}

std::optional<KnownLeader> known_leader(Share& share, const LogView& log) {
  return holder_of(share, log, leading_claim(log));
}

std::optional<KnownLeader> publisher_of(Share& share, const LogView& log, Position release) {
  return holder_of(share, log, closed_claim(log, release));
}

}  // namespace swarmout
