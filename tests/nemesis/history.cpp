#include "tests/nemesis/history.hpp"

#include "common/base/digest.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>

namespace swarmout::test {

namespace {

using End = HostRun::End;

/// Those that break rule C2 are reported and left out.
std::vector<LogEntry> sound_commits(const History& history, std::vector<std::string>& violations) {
  std::vector<LogEntry> commits;
  std::optional<LogEntry> before;
  Digest digest;
  for (std::size_t i = 0; i < history.entries.size(); ++i) {
    const std::string& bytes = history.entries[i];
    auto entry = decode_entry(bytes, history.keys);
    if (!entry || entry->position.value != i + 1 || entry->previous != digest) {
      violations.push_back(fmt::format("C2: entry {} is damaged or does not follow the one before", i + 1));
      before.reset();
    } else {
      if (entry->kind == EntryKind::commit) {
        if (!before || before->kind != EntryKind::claim || before->owner != entry->owner) {
          violations.push_back(fmt::format("C2: COMMIT {} does not follow its owner's CLAIM", i + 1));
        } else {
          commits.push_back(*entry);
        }
      }
      before = *std::move(entry);
    }
    digest = sha256(bytes);
  }
  return commits;
}

void check_run(const HostRun& run, const std::vector<LogEntry>& commits, const History& history,
               std::vector<std::string>& violations) {
  const auto own = std::find_if(commits.begin(), commits.end(), [&](const LogEntry& commit) {
    return history.author_of(commit) == run.author && commit.slot == run.slot;
  });
  const bool says_so = run.end == End::published || run.end == End::unchanged;
  if (says_so && own == commits.end()) {
    violations.push_back(fmt::format("C3: {} says that it published {}, and there is no COMMIT", run.author, run.slot));
  }
  if (own != commits.end() && (run.end == End::left || run.end == End::fenced || run.end == End::failed)) {
    violations.push_back(fmt::format("C3: {} owns COMMIT {} and does not know", run.author, own->position.value));
  }
  // That an earlier trouble of the share is over is said once, whatever the run has to do.
  const bool silent = run.output.empty() || run.output.starts_with("swarmout: well again after ");
  if (run.end == End::left && (run.status != 0 || !silent)) {
    violations.push_back(
        fmt::format("C6: {} had nothing to do, ended with {} and said \"{}\"", run.author, run.status, run.output));
  }
}

}  // namespace

Findings check(const History& history) {
  Findings findings;
  const std::vector<LogEntry> commits = sound_commits(history, findings.violations);
  findings.commits = commits.size();
  std::map<std::string, Position> done;
  for (const LogEntry& commit : commits) {
    const auto [earlier, first] = done.try_emplace(commit.slot, commit.position);
    if (!first && !commit.slot.empty()) {
      findings.violations.push_back(fmt::format("C1: slot {} was published at {} and at {}", commit.slot,
                                                earlier->second.value, commit.position.value));
    }
    if (!history.complete(commit)) {
      findings.violations.push_back(fmt::format("C4: what COMMIT {} names is not whole", commit.position.value));
    }
  }
  for (const HostRun& run : history.runs) {
    check_run(run, commits, history, findings.violations);
  }
  if (!history.last_slot.empty() && !done.contains(history.last_slot)) {
    findings.violations.push_back(fmt::format("C5: slot {} was not done by an undisturbed run", history.last_slot));
  }
  return findings;
}

std::vector<std::string> entries_of(Share& share) {
  std::vector<std::string> entries;
  const auto tail = share.tail({});
  EXPECT_TRUE(tail) << to_string(tail.error());
  for (Position each{1}; tail && each <= *tail; each = each.next()) {
    const auto bytes = share.read(each);
    entries.push_back(bytes && *bytes ? **bytes : "");
  }
  return entries;
}

}  // namespace swarmout::test
