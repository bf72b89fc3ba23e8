#include "common/fleet/log_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace swarmout {

namespace {

/// How far back the first look goes: this many entries, and on until there is a COMMIT. A thousand hosts do it at once.
constexpr std::uint64_t kHistory = 4;
constexpr std::uint64_t kHistoryStep = 100;  ///< entries: a run leaves two or three
/// What a service that runs for years keeps.
constexpr std::uint64_t kKept = 200;
/// Refreshes: half a minute at the default `--poll`, as long as an NFS client may keep a negative look-up.
constexpr unsigned kListEvery = 16;

}  // namespace

Result<std::optional<LogRecord>> LogReader::find(Position position) {
  const auto read = share_.read(position);
  if (!read && read.error().code == ErrorCode::refused) {
    return void_record(Digest{}, position, Validity::damaged, "the entry is too large");
  }
  TRY_ASSIGN(const auto bytes, read);
  return bytes ? std::optional(record_of(*bytes, position, cluster_, keys_)) : std::nullopt;
}

Result<LogRecord> LogReader::load(Position position) {
  TRY_ASSIGN(auto record, find(position));
  if (!record) {
    return fail(ErrorCode::temporary, fmt::format("log entry {} of {} cannot be seen although a later one can",
                                                  position.value, share_.name()));
  }
  return *std::move(record);
}

void LogReader::judge(Position position) {
  LogRecord& record = view_.records_.at(position);
  const auto before = view_.records_.find(position.previous());
  if (position.value > 1 && before == view_.records_.end()) {
    return;  // the oldest entry of this view: nothing to compare with
  }
  if (record.validity != Validity::good) {
    return;
  }
  const bool first = position.value == 1;
  if (first ? record.entry.previous != Digest{} : !follows(record.entry, before->second)) {
    record = void_record(record.digest, position, Validity::out_of_chain, "the chain is broken here");
    return;
  }
  const bool closes_claim = position.value > 1 && before->second.entry.kind == EntryKind::claim;
  const bool owned = closes_claim && before->second.entry.owner == record.entry.owner;
  if (record.entry.kind == EntryKind::commit && !owned) {
    record = void_record(record.digest, position, Validity::out_of_chain, "a COMMIT without its owner's CLAIM");
  }
}

Error LogReader::too_many_strays() const {
  return {
      ErrorCode::refused,
      fmt::format("the last {} entries of {} are not signed by a key that this host trusts, and no more of them are "
                  "followed",
                  kMaxStrays, share_.name()),
      "find out who writes there, or which key of the fleet is missing in --keys; a log that cannot be mended is "
      "left behind with `swarmout init` at another place"};
}

void LogReader::forget() {
  view_.records_.clear();
  view_.above_.clear();
}

void LogReader::trim() {
  if (view_.records_.size() <= 2 * kKept) {
    return;
  }
  first_ = Position{view_.tail().value - kKept};
  if (const LogEntry* const commit = view_.last_commit()) {
    first_ = std::min(first_, commit->position.previous());
  }
  const LogEntry* const release = view_.current_release();
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
/// until there is a release; not while the fleet is held, on nothing else than what was named.
Result<void> LogReader::load_current_release() {
  const LogEntry* const commit = view_.last_commit();
  if (commit == nullptr || commit->release.value == 0) {
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
  while (view_.current_release() == nullptr && !view_.hold() && !reaches_back()) {
    TRY(extend_back(kHistoryStep));
  }
  return {};
}

/// What a listing shows that this view cannot have come from: another share, or another entry at the end of a shorter
/// log. A listing that is only shorter may be an old one.
Result<bool> LogReader::is_another_log(Position top) {
  TRY_ASSIGN(const std::string cluster, share_.cluster());
  if (cluster != cluster_) {
    return true;
  }
  Position end = top;
  if (view_.is_above(top)) {  // what is above the end of the log says nothing about the end
    TRY_ASSIGN(const auto below, share_.numbers_below(view_.above_.begin()->first, 1));
    end = below.empty() ? Position{} : below.front();
  }
  const auto ours = view_.records_.find(end);
  if (end >= view_.tail() || ours == view_.records_.end()) {
    return false;
  }
  TRY_ASSIGN(const auto theirs, find(end));
  return theirs && theirs->digest != ours->second.digest;
}

/// From the last signed entry on, and what is above it: by number, of at most kMaxStrays that are not signed. What is
/// listed and cannot be read is not there, for now.
Result<LogReader::Records> LogReader::load_end(Position top) {
  Records end;
  TRY_ASSIGN(auto last, find(top));
  const bool is_end = last && is_signed(last->validity);
  if (last) {
    end.emplace(top, *std::move(last));
  }
  if (is_end) {
    return end;
  }
  TRY_ASSIGN(const auto below, share_.numbers_below(top, kMaxStrays));
  for (const Position each : below) {
    TRY_ASSIGN(auto record, find(each));
    const bool found = record && is_signed(record->validity);
    if (record) {
      end.emplace(each, *std::move(record));
    }
    if (found) {
      return end;
    }
  }
  if (below.size() >= kMaxStrays) {
    return tl::unexpected(too_many_strays());
  }
  return end;  // nothing is signed; the log begins with the first
}

Result<void> LogReader::load_first(Position top) {
  TRY_ASSIGN(cluster_, share_.cluster());  // before the entries: of a share that is replaced meanwhile, the older id
  TRY_ASSIGN(Records end, load_end(top));
  const bool anchored = !end.empty() && is_signed(end.begin()->second.validity);
  first_ = anchored ? end.begin()->first : Position{1};
  Position next = first_;
  for (auto& [position, record] : end) {
    if (position == next) {
      view_.records_.emplace(position, std::move(record));
      next = next.next();
    } else {
      view_.above_.emplace(position, record.validity);
    }
  }
  if (view_.records_.empty()) {
    return {};
  }
  for (Position each = first_; each < next; each = each.next()) {
    judge(each);
  }
  TRY(extend_back(kHistory - 1));
  return load_last_commit();
}

/// What is above the end of the log, up to `top`. Errors: temporary: it is signed, so that what is missing must be
/// there.
Result<void> LogReader::look_above(Position top) {
  const Position missing = view_.tail().next();
  TRY_ASSIGN(const auto numbers, share_.numbers_below(top.next(), kMaxStrays));
  std::map<Position, Validity> above;
  for (const Position each : numbers) {
    if (each < missing) {
      break;
    }
    TRY_ASSIGN(const auto record, find(each));
    if (record && is_signed(record->validity)) {
      TRY(load(missing));
      break;  // it can be seen now; the next look goes on there
    }
    if (record) {
      above.emplace(each, record->validity);
    }
  }
  view_.above_ = std::move(above);
  return {};
}

/// False, and no further: an entry does not follow the one that this reader has before it.
Result<bool> LogReader::extend_to(Position top) {
  for (Position each = view_.tail().next(); each <= top; each = each.next()) {
    TRY_ASSIGN(auto record, find(each));
    if (!record) {
      if (!view_.is_above(top)) {
        TRY(look_above(top));
      }
      return true;
    }
    if (record->validity == Validity::good && !follows(record->entry, view_.records_.rbegin()->second)) {
      return false;
    }
    view_.above_.erase(each);
    view_.records_.emplace(each, *std::move(record));
    judge(each);
    if (view_.strays().size() - view_.above_.size() > kMaxStrays) {
      return tl::unexpected(too_many_strays());
    }
  }
  return true;
}

Result<const LogView*> LogReader::refresh() {
  if (!keys_.same_as(judged_by_)) {
    forget();  // what was void may be good, and the other way round
    judged_by_ = keys_;
  }
  const bool list = view_.records_.empty() || refreshes_ % kListEvery == 0;
  ++refreshes_;
  TRY_ASSIGN(const Position top, share_.tail(list ? Position{} : view_.tail()));
  if (list && !view_.records_.empty()) {
    TRY_ASSIGN(const bool another, is_another_log(top));
    if (another) {
      forget();
    }
    view_.above_.clear();  // some of it may be gone
  }
  if (!view_.records_.empty()) {
    auto fits = extend_to(top);
    if (!fits) {
      if (fits.error().code == ErrorCode::refused) {
        forget();  // what is read again may be mended
      }
      return tl::unexpected(std::move(fits).error());
    }
    if (!*fits) {
      forget();  // the share may have lost what it had shown to this reader, and others went on from what is left
    }
  }
  if (view_.records_.empty()) {
    view_.above_.clear();
  }
  if (view_.records_.empty() && top.value > 0) {
    if (auto loaded = load_first(top); !loaded) {
      forget();
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

Result<const LogView*> LogReader::refresh_with_entries(std::uint64_t entries) {
  TRY(refresh());
  const std::uint64_t wanted = std::min(entries, kMaxHistory);
  while (!view_.records_.empty() && !reaches_back() && view_.records_.size() < wanted) {
    TRY(extend_back(std::min(kHistoryStep, wanted)));
  }
  return &view_;
}

Result<const LogView*> LogReader::refresh_with_slots() {
  return refresh_with_entries(kMaxHistory);
}

}  // namespace swarmout
