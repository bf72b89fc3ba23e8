#include "common/log_view.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

/// How far back the first look goes: this many entries, and on until there is a release.
constexpr std::uint64_t kHistory = 100;
/// Entries that a look for old releases reads at most.
constexpr std::size_t kMaxHistory = 5000;
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
    return fail(ErrorCode::temporary, fmt::format("log entry {} of {} cannot be seen although a later one can",
                                                  position.value, share_.name()));
  }
  auto entry = decode_entry(*bytes);
  LogRecord record;
  record.digest = sha256(*bytes);
  record.entry =
      entry && entry->position == position ? *std::move(entry) : void_entry(position, "void: the entry is damaged");
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

/// A service runs for years: keep what the first look would have loaded.
void LogReader::trim() {
  if (view_.records_.size() <= 2 * kHistory) {
    return;
  }
  const LogEntry* const release = view_.newest_release();
  Position oldest{view_.tail().value - kHistory};
  if (release != nullptr) {
    oldest = std::min(oldest, release->position.previous());
  }
  view_.records_.erase(view_.records_.begin(), view_.records_.lower_bound(oldest));
}

Result<void> LogReader::extend_back(std::uint64_t count) {
  const Position known = view_.records_.begin()->first;
  const Position oldest{known.value > count ? known.value - count : 1};
  for (Position each = known.previous(); each >= oldest; each = each.previous()) {
    if (auto loaded = load(each); !loaded) {
      view_.records_.erase(view_.records_.begin(), view_.records_.find(known));  // nobody would judge them any more
      return loaded;
    }
  }
  for (Position each = oldest; each <= known; each = each.next()) {
    judge(each);
  }
  return {};
}

Result<void> LogReader::first_look(Position tail) {
  TRY(load(tail));
  TRY(extend_back(kHistory));
  while (view_.newest_release() == nullptr && view_.records_.begin()->first.value > 1) {
    TRY(extend_back(kHistory));
  }
  return {};
}

Result<const LogView*> LogReader::refresh() {
  const bool list = view_.records_.empty() || refreshes_ % kListEvery == 0;
  ++refreshes_;
  TRY_ASSIGN(const Position tail, share_.tail(list ? Position{} : view_.tail()));
  if (view_.records_.empty() && tail.value > 0) {
    if (auto looked = first_look(tail); !looked) {
      view_.records_.clear();  // half a view would look like a log without a release
      return tl::unexpected(std::move(looked).error());
    }
  }
  for (Position each = view_.tail().next(); each <= tail; each = each.next()) {
    TRY(load(each));
    judge(each);
  }
  trim();
  return &view_;
}

Result<const LogView*> LogReader::refresh_with_history(std::size_t releases) {
  TRY(refresh());
  while (!view_.records_.empty() && view_.records_.begin()->first.value > 1 && view_.records_.size() < kMaxHistory &&
         view_.releases(releases).size() < releases) {
    TRY(extend_back(kHistory));
  }
  return &view_;
}

}  // namespace swarmout
