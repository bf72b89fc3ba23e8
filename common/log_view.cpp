#include "common/log_view.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

/// How far back the first look goes: at least this many entries, and on until there is a release.
constexpr std::uint64_t kHistory = 100;
constexpr unsigned kListEvery = 16;

bool is_release(const LogEntry& entry) {
  return entry.kind == EntryKind::commit && entry.release == entry.position;
}

LogEntry void_entry(Position position, std::string why) {
  LogEntry entry;
  entry.kind = EntryKind::abandon;
  entry.position = position;
  entry.reason = std::move(why);
  return entry;
}

}  // namespace

Position LogView::tail() const {
  return records_.empty() ? Position{} : records_.rbegin()->first;
}

Digest LogView::tail_digest() const {
  return records_.empty() ? Digest{} : records_.rbegin()->second.digest;
}

const LogEntry* LogView::open_claim() const {
  if (records_.empty() || records_.rbegin()->second.entry.kind != EntryKind::claim) {
    return nullptr;
  }
  return &records_.rbegin()->second.entry;
}

std::vector<const LogEntry*> LogView::releases(std::size_t limit) const {
  std::vector<const LogEntry*> found;
  for (auto each = records_.rbegin(); each != records_.rend() && found.size() < limit; ++each) {
    if (is_release(each->second.entry)) {
      found.push_back(&each->second.entry);
    }
  }
  return found;
}

const LogEntry* LogView::newest_release() const {
  const auto newest = releases(1);
  return newest.empty() ? nullptr : newest.front();
}

const LogEntry* LogView::last_commit() const {
  for (auto each = records_.rbegin(); each != records_.rend(); ++each) {
    if (each->second.entry.kind == EntryKind::commit) {
      return &each->second.entry;
    }
  }
  return nullptr;
}

const LogEntry* LogView::commit_of(const std::string& slot) const {
  for (auto each = records_.rbegin(); each != records_.rend(); ++each) {
    if (each->second.entry.kind == EntryKind::commit && each->second.entry.slot == slot) {
      return &each->second.entry;
    }
  }
  return nullptr;
}

unsigned LogView::claims_of(const std::string& slot) const {
  unsigned count = 0;
  for (auto each = records_.rbegin(); each != records_.rend(); ++each) {
    if (each->second.entry.kind == EntryKind::commit) {
      break;
    }
    if (each->second.entry.kind == EntryKind::claim && each->second.entry.slot == slot) {
      ++count;
    }
  }
  return count;
}

std::string LogView::last_failure() const {
  for (auto each = records_.rbegin(); each != records_.rend(); ++each) {
    const LogEntry& entry = each->second.entry;
    if (entry.kind == EntryKind::abandon) {
      return fmt::format("{}: {}", entry.host.empty() ? "unknown host" : entry.host, entry.reason);
    }
  }
  return "no reason was left behind";
}

const LogEntry* LogView::at(Position position) const {
  const auto found = records_.find(position);
  return found == records_.end() ? nullptr : &found->second.entry;
}

Result<void> LogReader::load(Position position) {
  TRY_ASSIGN(const auto bytes, share_.read(position));
  if (!bytes) {
    return fail(ErrorCode::temporary,
                fmt::format("log entry {} of {} cannot be seen although a later one can", position.value,
                            share_.name()));
  }
  auto entry = decode_entry(*bytes);
  LogRecord record;
  record.digest = sha256(*bytes);
  record.entry = entry && entry->position == position
                     ? *std::move(entry)
                     : void_entry(position, "void: the entry is damaged");
  view_.records_.insert_or_assign(position, std::move(record));
  return {};
}

void LogReader::judge(Position position) {
  LogRecord& record = view_.records_.at(position);
  const auto before = view_.records_.find(position.previous());
  if (position.value > 1 && before == view_.records_.end()) {
    return;  // the oldest entry of this view: nothing to compare with
  }
  const Digest expected = position.value > 1 ? before->second.digest : Digest{};
  if (record.entry.owner.empty()) {
    return;  // void already
  }
  if (record.entry.previous != expected) {
    record.entry = void_entry(position, "void: the chain is broken here");
    return;
  }
  const bool closes_claim = position.value > 1 && before->second.entry.kind == EntryKind::claim;
  const bool owned = closes_claim && before->second.entry.owner == record.entry.owner;
  if (record.entry.kind == EntryKind::commit && !owned) {
    record.entry = void_entry(position, "void: a COMMIT without its owner's CLAIM");
  }
}

Result<const LogView*> LogReader::refresh() {
  const bool list = view_.records_.empty() || refreshes_ % kListEvery == 0;
  ++refreshes_;
  TRY_ASSIGN(const Position tail, share_.tail(list ? Position{} : view_.tail()));
  if (view_.records_.empty()) {
    for (Position each = tail; each.value > 0; each = each.previous()) {
      if (tail.value - each.value >= kHistory && view_.newest_release() != nullptr) {
        break;
      }
      TRY(load(each));
    }
    if (!view_.records_.empty()) {
      for (Position each = view_.records_.begin()->first; each <= tail; each = each.next()) {
        judge(each);
      }
    }
  } else {
    for (Position each = view_.tail().next(); each <= tail; each = each.next()) {
      TRY(load(each));
      judge(each);
    }
  }
  return &view_;
}

}  // namespace swarmout
