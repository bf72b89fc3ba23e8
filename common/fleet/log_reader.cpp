#include "common/fleet/log_reader.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

/// How far back the first look goes: this many entries, and on until there is a COMMIT. A thousand hosts do it at once.
constexpr std::uint64_t kHistory = 4;
constexpr std::uint64_t kHistoryStep = 100;  ///< entries: a run leaves two or three
/// What a service that runs for years keeps.
constexpr std::uint64_t kKept = 200;
/// Refreshes: half a minute at the default `--poll`, as long as an NFS client may keep a negative look-up.
constexpr unsigned kListEvery = 16;

LogEntry void_entry(Position position, std::string why) {
  LogEntry entry;
  entry.kind = EntryKind::abandon;
  entry.position = position;
  entry.reason = std::move(why);
  return entry;
}

}  // namespace

Result<LogRecord> LogReader::load(Position position) {
  const auto read = share_.read(position);
  if (!read && read.error().code == ErrorCode::refused) {
    return LogRecord{Digest{}, void_entry(position, "void: the entry is too large")};
  }
  TRY_ASSIGN(const auto bytes, read);
  if (!bytes) {
    return fail(ErrorCode::temporary, fmt::format("log entry {} of {} cannot be seen although a later one can",
                                                  position.value, share_.name()));
  }
  auto entry = decode_entry(*bytes);
  const bool whole = entry && entry->position == position;
  return LogRecord{sha256(*bytes), whole ? *std::move(entry) : void_entry(position, "void: the entry is damaged")};
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

void LogReader::trim() {
  if (view_.records_.size() <= 2 * kKept) {
    return;
  }
  first_ = Position{view_.tail().value - kKept};
  if (const LogEntry* const commit = view_.last_commit()) {
    first_ = std::min(first_, commit->position.previous());
  }
  const LogEntry* const release = view_.newest_release();
  std::erase_if(view_.records_, [&](const auto& record) {
    const Position position = record.first;
    const bool current = release != nullptr && (position == release->position || position.next() == release->position);
    return position < first_ && !current;
  });
}

Result<void> LogReader::extend_back(std::uint64_t count) {
  const Position oldest{first_.value > count ? first_.value - count : 1};
  std::map<Position, LogRecord> records;  // all of them or none: half a history would be taken for the whole
  for (Position each = first_.previous(); each >= oldest; each = each.previous()) {
    TRY_ASSIGN(records[each], load(each));
  }
  view_.records_.merge(records);
  for (Position each = oldest; each <= first_; each = each.next()) {
    judge(each);
  }
  first_ = oldest;
  return {};
}

/// The last COMMIT, with the CLAIM that it ends: without it nobody knows whether it counts.
Result<void> LogReader::load_last_commit() {
  const auto cut_off = [this](const LogEntry* entry) { return entry == nullptr || entry->position == first_; };
  for (std::uint64_t step = kHistory; !reaches_back() && cut_off(view_.last_commit()); step = kHistoryStep) {
    TRY(extend_back(step));
  }
  return {};
}

/// The release that the last COMMIT names, with its CLAIM. If that is not what it should be, goes back entry by entry
/// until there is a release.
Result<void> LogReader::load_current_release() {
  const LogEntry* const commit = view_.last_commit();
  if (commit == nullptr) {
    return {};
  }
  if (const Position release = commit->release;
      release.value > 1 && release <= first_ && !view_.at(release.previous())) {
    TRY_ASSIGN(LogRecord claim, load(release.previous()));
    TRY_ASSIGN(LogRecord current, load(release));
    view_.records_.insert_or_assign(release.previous(), std::move(claim));
    view_.records_.insert_or_assign(release, std::move(current));
    judge(release);
  }
  while (view_.newest_release() == nullptr && !reaches_back()) {
    TRY(extend_back(kHistoryStep));
  }
  return {};
}

/// What a listing shows that this view cannot have come from: another share, or another entry at the end of a shorter
/// log. A listing that is only shorter may be an old one.
Result<bool> LogReader::is_another_log(Position tail) {
  TRY_ASSIGN(const std::string cluster, share_.cluster());
  if (cluster != cluster_) {
    return true;
  }
  const auto ours = view_.records_.find(tail);
  if (tail >= view_.tail() || ours == view_.records_.end()) {
    return false;
  }
  TRY_ASSIGN(const LogRecord theirs, load(tail));
  return theirs.digest != ours->second.digest;
}

Result<void> LogReader::load_first(Position tail) {
  TRY_ASSIGN(cluster_, share_.cluster());  // before the entries: of a share that is replaced meanwhile, the older id
  TRY_ASSIGN(view_.records_[tail], load(tail));
  first_ = tail;
  TRY(extend_back(kHistory - 1));
  return load_last_commit();
}

/// False, and no further: an entry does not follow the one that this reader has before it.
Result<bool> LogReader::extend_to(Position tail) {
  for (Position each = view_.tail().next(); each <= tail; each = each.next()) {
    TRY_ASSIGN(LogRecord record, load(each));
    if (!record.entry.owner.empty() && record.entry.previous != view_.tail_digest()) {
      return false;
    }
    view_.records_.emplace(each, std::move(record));
    judge(each);
  }
  return true;
}

Result<const LogView*> LogReader::refresh() {
  const bool list = view_.records_.empty() || refreshes_ % kListEvery == 0;
  ++refreshes_;
  TRY_ASSIGN(const Position tail, share_.tail(list ? Position{} : view_.tail()));
  if (list && !view_.records_.empty()) {
    TRY_ASSIGN(const bool another, is_another_log(tail));
    if (another) {
      view_.records_.clear();
    }
  }
  if (!view_.records_.empty()) {
    TRY_ASSIGN(const bool fits, extend_to(tail));
    if (!fits) {
      // The share may have lost what it had shown to this reader, and others went on from what is left.
      view_.records_.clear();
    }
  }
  if (view_.records_.empty() && tail.value > 0) {
    if (auto loaded = load_first(tail); !loaded) {
      view_.records_.clear();
      return tl::unexpected(std::move(loaded).error());
    }
  }
  if (view_.records_.empty()) {
    cluster_.clear();
  }
  TRY(load_current_release());
  trim();
  return &view_;
}

Result<const LogView*> LogReader::refresh_with_history(std::size_t releases) {
  TRY(refresh());
  while (!view_.records_.empty() && !reaches_back() && view_.records_.size() < kMaxHistory &&
         view_.releases(releases).size() < releases) {
    TRY(extend_back(kHistoryStep));
  }
  return &view_;
}

Result<const LogView*> LogReader::refresh_with_slots() {
  TRY(refresh());
  while (!view_.records_.empty() && !reaches_back() && view_.records_.size() < kMaxHistory) {
    TRY(extend_back(kHistoryStep));
  }
  return &view_;
}

}  // namespace swarmout
