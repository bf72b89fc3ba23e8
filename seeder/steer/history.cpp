#include "seeder/steer/history.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace swarmout {

namespace {

using Event = HistoryEvent::Kind;

/// Of a COMMIT; `current` is the release before it, where that is known.
Event kind_of_commit(const LogEntry& commit, std::optional<Position> current) {
  if (commit.hold && commit.hold->empty()) {
    return Event::resumed;
  }
  if (commit.hold) {
    return current && *current != commit.release ? Event::rolled_back : Event::held;
  }
  return commit.release == commit.position ? Event::published : Event::unchanged;
}

std::optional<Event> kind_of(const LogEntry& entry, const LogEntry* after, std::optional<Position> current) {
  switch (entry.kind) {
    case EntryKind::commit:
      return kind_of_commit(entry, current);
    case EntryKind::abandon:
      return entry.owner.empty() ? Event::nothing : Event::abandoned;
    case EntryKind::claim:
      return after != nullptr && after->owner != entry.owner ? std::optional(Event::passed) : std::nullopt;
  }
  std::abort();
}

}  // namespace

std::string_view name_of(HistoryEvent::Kind kind) {
  switch (kind) {
    case Event::published:
      return "published";
    case Event::unchanged:
      return "unchanged";
    case Event::held:
      return "held";
    case Event::rolled_back:
      return "rolled back";
    case Event::resumed:
      return "resumed";
    case Event::abandoned:
      return "abandoned";
    case Event::passed:
      return "passed";
    case Event::nothing:
      return "void";
  }
  std::abort();
}

std::vector<HistoryEvent> history_of(const LogView& log, std::size_t limit) {
  const std::vector<const LogEntry*> entries = log.last_entries();
  std::vector<HistoryEvent> events;
  std::optional<Position> current;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const LogEntry& entry = *entries[i];
    const LogEntry* const after = i + 1 < entries.size() ? entries[i + 1] : nullptr;
    const auto kind = kind_of(entry, after, current);
    const bool commits = entry.kind == EntryKind::commit;
    if (kind) {
      events.push_back({*kind, entry.position, commits ? entry.release : Position{}, entry.revision, entry.slot,
                        entry.host, entry.time, commits ? entry.hold.value_or("") : entry.reason});
    }
    current = commits ? std::optional(entry.release) : current;
  }
  std::reverse(events.begin(), events.end());
  events.resize(std::min(events.size(), limit));
  return events;
}

}  // namespace swarmout
