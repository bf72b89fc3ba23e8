#include "seeder/election/abandon_claim.hpp"

#include "common/base/host.hpp"
#include "common/fleet/leader.hpp"
#include "common/fleet/log_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace swarmout {

namespace {

Result<LogEntry> entry_at(Share& share, const LogReader& reader, Position position) {
  TRY_ASSIGN(const auto bytes, share.read(position));
  if (!bytes) {
    return fail(ErrorCode::temporary, fmt::format("entry {} of {} cannot be read now", position.value, share.name()));
  }
  return record_of(*bytes, position, reader.cluster(), reader.keys()).entry;
}

tl::unexpected<Error> nothing_to_end(std::string why) {
  return fail(ErrorCode::usage, std::move(why), "`swarmout status` shows the claim that is open, if there is one");
}

/// Why an entry that is not the last one, or no claim, needs no ABANDON.
tl::unexpected<Error> why_not(const LogEntry& entry, const LogEntry* after) {
  const auto epoch = entry.position.value;
  if (entry.kind == EntryKind::commit) {
    return nothing_to_end(fmt::format("entry {} is a COMMIT of {}: it publishes, and stays", epoch, entry.host));
  }
  if (entry.owner.empty()) {
    return nothing_to_end(fmt::format("entry {} is {}", epoch, entry.reason));
  }
  if (entry.kind == EntryKind::abandon) {
    return nothing_to_end(fmt::format("entry {} is an ABANDON already", epoch));
  }
  if (after != nullptr && after->owner.empty()) {
    return nothing_to_end(fmt::format("epoch {} of {} has ended: entry {} is {}", epoch, entry.host,
                                      after->position.value, after->reason));
  }
  if (after != nullptr && after->kind == EntryKind::commit) {
    return nothing_to_end(fmt::format("epoch {} of {} was committed at {}", epoch, entry.host, after->time));
  }
  if (after != nullptr && after->kind == EntryKind::abandon) {
    return nothing_to_end(fmt::format("epoch {} of {} was abandoned already, at {}", epoch, entry.host, after->time));
  }
  return nothing_to_end(fmt::format("epoch {} of {} was taken over already", epoch, entry.host));
}

/// Errors: temporary, if the heartbeat moves while we watch.
Result<void> watch(const Pen& pen, const LogEntry& claim, std::chrono::milliseconds how_long, std::stop_token stop) {
  constexpr int kLooks = 6;
  std::optional<std::uint64_t> highest;
  for (int look = 0; look <= kLooks; ++look) {
    if (look > 0 && !pen.clock.sleep(how_long / kLooks, stop)) {
      return fail(ErrorCode::temporary, "stopped on request");
    }
    TRY_ASSIGN(const BeatCell seen, read_beat(pen.share, claim, pen.keys.trusted));
    const auto counter = seen.beat ? std::optional(seen.beat->info.counter) : std::nullopt;
    if (look > 0 && counter > highest) {
      return fail(
          ErrorCode::temporary,
          fmt::format("the leader of epoch {}, {}, is alive: its heartbeat moves", claim.position.value, claim.host),
          "let it work, or stop it there; --force abandons its claim all the same");
    }
    highest = std::max(highest, counter);
  }
  return {};
}

}  // namespace

Result<std::string> abandon_claim(const Pen& pen, const AbandonOptions& options, std::stop_token stop) {
  Share& share = pen.share;
  LogReader reader(share, pen.keys.trusted);
  TRY_ASSIGN(const LogView* log, reader.refresh());
  const Position position = options.claim;
  if (position.value == 0 || position > log->tail()) {
    return fail(ErrorCode::not_found, fmt::format("there is no entry {} in the log of {}: it ends with {}",
                                                  position.value, share.name(), log->tail().value));
  }
  if (position < log->tail()) {
    TRY_ASSIGN(const LogEntry entry, entry_at(share, reader, position));
    const auto after = entry_at(share, reader, position.next());
    return why_not(entry, after ? &*after : nullptr);
  }
  const LogEntry* const claim = log->open_claim();
  if (claim == nullptr) {
    return why_not(*log->at(position), nullptr);
  }
  if (!options.force) {
    TRY(watch(pen, *claim, options.watch, stop));
  }
  const Leadership leadership{reader.cluster(), claim->position, log->tail_digest(),
                              claim->owner,     claim->slot,     claim->attempt};
  TRY_ASSIGN(const PublishOutcome outcome, abandon(pen, leadership, fmt::format("abandoned by hand on {}", host_name()),
                                                   options.patience, std::move(stop)));
  if (const auto* fenced = std::get_if<Fenced>(&outcome)) {
    return fail(ErrorCode::temporary, fmt::format("epoch {} has ended meanwhile, by {}", position.value, fenced->by));
  }
  return fmt::format("epoch {} of {} is abandoned; the next run may begin at once", position.value, claim->host);
}

}  // namespace swarmout
