#include "common/fleet/leader.hpp"

#include "common/fleet/strays.hpp"

namespace swarmout {

namespace {

/// The CLAIM that the COMMIT at `commit` closed; null if it is not in this view.
const LogEntry* closed_claim(const LogView& log, Position commit) {
  const LogEntry* const before = commit.value > 1 ? log.at(commit.previous()) : nullptr;
  return before != nullptr && before->kind == EntryKind::claim ? before : nullptr;
}

std::optional<KnownLeader> holder_of(Share& share, const LogView& log, const LogEntry* claim, const TrustedKeys& keys) {
  if (claim == nullptr) {
    return std::nullopt;
  }
  KnownLeader leader{claim, claim == log.open_claim(), std::nullopt};
  if (auto cell = read_beat(share, *claim, keys)) {
    leader.beat = std::move(cell->beat);
    leader.bad_beat = std::move(cell->bad);
  }
  return leader;
}

}  // namespace

Result<BeatCell> read_beat(Share& share, const LogEntry& claim, const TrustedKeys& keys) {
  const ClaimId id{claim.position, claim.owner};
  const auto bad = [&](const Error& why) { return BeatCell{{}, about_cell("heartbeat", claim, share.name(), why)}; };
  const auto cell = share.read_cell(CellKind::heartbeat, claim_cell(id));
  if (!cell) {
    return is_no_cell(cell.error()) ? Result<BeatCell>(bad(cell.error())) : tl::unexpected(cell.error());
  }
  if (!*cell) {
    return BeatCell{};
  }
  auto info = decode_heartbeat((*cell)->bytes, id, keys);
  return info ? BeatCell{Beat{*std::move(info), (*cell)->written}, {}} : bad(info.error());
}

const LogEntry* leading_claim(const LogView& log) {
  if (const LogEntry* const open = log.open_claim(); open != nullptr && !log.hold()) {
    return open;
  }
  const LogEntry* const commit = log.last_commit();
  if (commit == nullptr) {
    return nullptr;
  }
  return closed_claim(log, commit->hold ? commit->release : commit->position);  // who says it by hand serves nothing
}

std::optional<KnownLeader> known_leader(Share& share, const LogView& log, const TrustedKeys& keys) {
  return holder_of(share, log, leading_claim(log), keys);
}

std::optional<KnownLeader> publisher_of(Share& share, const LogView& log, Position release, const TrustedKeys& keys) {
  return holder_of(share, log, closed_claim(log, release), keys);
}

}  // namespace swarmout
