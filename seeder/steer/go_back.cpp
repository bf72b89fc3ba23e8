#include "seeder/steer/go_back.hpp"

#include "common/fleet/torrent_on_share.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <vector>

namespace swarmout {

namespace {

/// Those that somebody went back from, and nobody went to again by name.
std::set<Position> left_as_bad(const std::vector<const LogEntry*>& entries) {
  std::set<Position> left;
  std::optional<Position> current;
  for (const LogEntry* const each : entries) {
    if (each->kind != EntryKind::commit) {
      continue;
    }
    const bool by_hand = each->hold && !each->hold->empty();
    if (by_hand && current && *current != each->release) {
      left.erase(each->release);
      if (each->release < *current) {
        left.insert(*current);
      }
    }
    current = each->release;
  }
  return left;
}

}  // namespace

const LogEntry* release_before_current(const LogView& log) {
  const LogEntry* const current = log.current_release();
  const std::vector<const LogEntry*> entries = log.last_entries();
  const std::set<Position> left = left_as_bad(entries);
  const auto good = std::find_if(entries.rbegin(), entries.rend(), [&](const LogEntry* each) {
    return current != nullptr && each->kind == EntryKind::commit && each->release == each->position &&
           each->position < current->position && !left.contains(each->position);
  });
  return good == entries.rend() ? nullptr : *good;
}

Result<void> can_be_had(Share& share, const Descriptor& release) {
  TRY_ASSIGN(const Reach reach, reach_on(share, release));
  if (!reach.has.empty()) {
    return {};
  }
  const auto torrent = torrent_on_share(share, release);
  if (!torrent && torrent.error().code != ErrorCode::not_found) {
    return tl::unexpected(torrent.error());
  }
  if (torrent && reach.live == 0) {
    return {};  // nobody who could have it is there; who comes will tell
  }
  return fail(ErrorCode::unavailable,
              fmt::format("nobody could fetch {}: none of {} live hosts has all of it{}", release_title(release),
                          reach.live, torrent ? "" : fmt::format(", and its torrent is gone from {}", share.name())),
              "`swarmout status --json` shows what each host holds; --force goes back all the same");
}

Result<Steered> go_back(const Pen& pen, LogReader& log, const Descriptor& release, SteerOrder order,
                        std::stop_token stop) {
  const auto torrent = torrent_on_share(pen.share, release);
  order.kind = SteerOrder::Kind::rollback;
  order.release = release.position;
  TRY_ASSIGN(Steered done, steer(pen, log, order, std::move(stop)));
  if (!torrent) {
    spdlog::warn("only hosts that have release {} can go back to it: {}", release.position.value,
                 to_string(torrent.error()));
    return done;
  }
  if (const auto there = torrent_on_share(pen.share, release);
      !there && there.error().code == ErrorCode::not_found) {  // a leader that tidied up did not know yet
    TRY(pen.share.write_blob(torrent_blob(release), torrent->bytes));
  }
  return done;
}

}  // namespace swarmout
