#include "common/fleet/log_view.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace swarmout {

namespace {

bool is_release(const LogEntry& entry) {
  return entry.kind == EntryKind::commit && entry.release == entry.position;
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

const LogEntry* LogView::current_release() const {
  const LogEntry* const commit = last_commit();
  if (commit == nullptr) {
    return nullptr;
  }
  if (const LogEntry* const named = at(commit->release); named != nullptr && is_release(*named)) {
    return named;
  }
  const auto newest = hold() ? std::vector<const LogEntry*>() : releases(1);
  return newest.empty() ? nullptr : newest.front();
}

std::optional<Hold> LogView::hold() const {
  const LogEntry* const commit = last_commit();
  if (commit == nullptr || commit->hold.value_or("").empty()) {
    return std::nullopt;
  }
  return Hold{*commit->hold, commit->host, commit->time, commit->position};
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
    const bool ours = each->second.entry.kind == EntryKind::claim && each->second.entry.slot == slot;
    if (ours && !burned(each->first.next())) {
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

bool LogView::burned(Position position) const {
  const auto found = records_.find(position);
  return found != records_.end() && !is_signed(found->second.validity);
}

const LogEntry* LogView::last_signed() const {
  const auto last = std::find_if(records_.rbegin(), records_.rend(),
                                 [](const auto& each) { return each.second.validity == Validity::good; });
  return last == records_.rend() ? nullptr : &last->second.entry;
}

std::vector<Stray> LogView::strays() const {
  std::vector<Stray> found;
  for (auto each = records_.rbegin(); each != records_.rend() && !is_signed(each->second.validity); ++each) {
    found.push_back({each->first, each->second.validity, each->second.entry.reason, each->second.advice});
  }
  std::reverse(found.begin(), found.end());
  for (const auto& [position, why] : above_) {
    found.push_back({position, why, {}, {}});
  }
  return found;
}

bool LogView::is_above(Position position) const {
  return above_.contains(position);
}

const LogEntry* LogView::at(Position position) const {
  const auto found = records_.find(position);
  return found == records_.end() ? nullptr : &found->second.entry;
}

std::vector<const LogEntry*> LogView::last_entries() const {
  std::vector<const LogEntry*> entries;
  for (Position each = tail(); each.value > 0 && at(each) != nullptr; each = each.previous()) {
    entries.push_back(at(each));
  }
  std::reverse(entries.begin(), entries.end());
  return entries;
}

std::optional<Digest> LogView::digest_at(Position position) const {
  const auto found = records_.find(position);
  const bool known = found != records_.end() && is_signed(found->second.validity);
  return known ? std::optional(found->second.digest) : std::nullopt;
}

const LogEntry* slot_release(const LogView& log, const std::string& slot) {
  if (log.hold()) {
    return log.current_release();
  }
  const LogEntry* const commit = log.commit_of(slot);
  return commit != nullptr ? log.at(commit->release) : nullptr;
}

}  // namespace swarmout
