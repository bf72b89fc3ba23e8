#include "peer/fetch/follow.hpp"

#include "common/fleet/leader.hpp"
#include "common/fleet/leader_record.hpp"
#include "common/fleet/registry.hpp"
#include "common/fleet/trust.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace swarmout {

std::chrono::milliseconds look_interval(std::chrono::milliseconds poll, bool in_progress, std::size_t fleet) {
  return in_progress ? share_interval(fleet, std::chrono::milliseconds(200), poll) : poll;
}

Result<Wanted> Follower::look() {
  TRY_ASSIGN(const LogView* log, log_.refresh());
  Wanted wanted;
  std::optional<Position> lost_to;  // the share's newest release, if this host has followed a newer one
  if (const LogEntry* const newest = log->newest_release()) {
    TRY_ASSIGN(auto release, trusted(*newest, key_));
    if (release.descriptor.position < seen_) {
      lost_to = release.descriptor.position;
    } else {
      seen_ = release.descriptor.position;
      wanted.published = std::move(release);
    }
  }
  wanted.in_progress = log->open_claim() != nullptr;
  if (const auto leader = known_leader(share_, *log)) {
    add_leader(*leader, wanted);
  }
  if (lost_to && !wanted.staged) {  // what comes next is newer again, and waits for the peers' copies
    return fail(ErrorCode::refused,
                fmt::format("the newest release on {} is {}, but this host has followed {} already", share_.name(),
                            lost_to->value, seen_.value),
                "the share lost entries; if that is meant, remove the file `seen` in the state directory");
  }
  return wanted;
}

/// Where it serves and, while its claim is open, what it has staged.
void Follower::add_leader(const KnownLeader& leader, Wanted& wanted) {
  if (leader.beat) {
    wanted.leader = leader.beat->info.endpoint;
    wanted.tracker = leader.beat->info.tracker;
    wanted.leader_rate = leader.beat->info.line_rate;
  }
  if (!leader.at_work) {
    return;
  }
  const LogEntry& claim = *leader.claim;
  const auto stage = share_.read_cell(CellKind::stage, claim_cell(claim.position, claim.owner));
  if (!stage || !*stage) {
    return;
  }
  auto staged = decode_staged((*stage)->bytes);
  const auto good =
      staged ? key_.verify(staged->release.text, staged->release.signature) : tl::unexpected(staged.error());
  const Position position = staged ? staged->release.descriptor.position : Position{};
  if (!good || position != claim.position.next() || position <= seen_) {
    spdlog::warn("not fetching what {} has staged: {}", claim.host,
                 good ? "it is for another position" : to_string(good.error()));
    return;
  }
  wanted.staged = std::move(staged->release);
  wanted.leader = staged->endpoint;
  wanted.tracker = staged->tracker;
}

}  // namespace swarmout
