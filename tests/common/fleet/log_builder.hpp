// A log that grows entry by entry, right or wrong.

#pragma once

#include "common/fleet/log_entry.hpp"
#include "common/fleet/log_reader.hpp"
#include "tests/support/fleet_keys.hpp"
#include "tests/support/memory_share.hpp"
#include "tests/support/result_matchers.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace swarmout::test {

class LogBuilder {
public:
  [[nodiscard]] std::shared_ptr<MemoryShareState> state() const { return state_; }
  [[nodiscard]] std::uint64_t tail() const { return all_.size(); }
  [[nodiscard]] const std::string& bytes(std::uint64_t position) const { return all_.at(Position{position}); }

  /// An entry that would be right at the end of the log.
  [[nodiscard]] LogEntry next(EntryKind kind) const {
    LogEntry entry;
    entry.kind = kind;
    entry.position = Position{tail() + 1};
    entry.previous = all_.empty() ? Digest{} : digest_of(all_.rbegin()->second, Position{tail()});
    entry.owner = id_of("owner-" + std::to_string(tail() + 1));
    entry.nonce = life_ + "nonce-" + std::to_string(tail() + 1);
    entry.host = "test-host";
    return entry;
  }
  void append(const std::string& bytes) { replace(tail() + 1, bytes); }
  void replace(std::uint64_t position, const std::string& bytes) {
    all_[Position{position}] = bytes;
    state_->log[Position{position}] = bytes;
  }
  /// As if the entries behind `position` were not written yet.
  void show_up_to(std::uint64_t position) { state_->log = {all_.begin(), all_.upper_bound(Position{position})}; }

  /// The share loses all entries behind `position`, for good. What is written in their place will be something else.
  void lose_after(std::uint64_t position) {
    all_.erase(all_.upper_bound(Position{position}), all_.end());
    state_->log = all_;
    life_ += "new-";
  }

  /// The owner.
  std::string claim(const std::string& slot = "") {
    LogEntry entry = next(EntryKind::claim);
    entry.slot = slot;
    append(encode(entry));
    return entry.owner;
  }
  void commit(const std::string& owner, const std::string& slot = "") { commit_of(owner, Position{tail() + 1}, slot); }
  void commit_unchanged(const std::string& owner, Position release, const std::string& slot = "") {
    commit_of(owner, release, slot);
  }
  /// By hand: from here on `release` is current; nothing is published while `hold` is not empty.
  void commit_by_hand(Position release, const std::string& hold) {
    LogEntry entry = commit_entry(claim(), release, "");
    entry.hold = hold;
    append(encode(entry));
  }
  void abandon(const std::string& owner, const std::string& reason) {
    LogEntry entry = next(EntryKind::abandon);
    entry.owner = owner;
    entry.reason = reason;
    append(encode(entry));
  }

private:
  void commit_of(const std::string& owner, Position release, const std::string& slot) {
    append(encode(commit_entry(owner, release, slot)));
  }
  LogEntry commit_entry(const std::string& owner, Position release, const std::string& slot) const {
    LogEntry entry = next(EntryKind::commit);
    entry.owner = owner;
    entry.slot = slot;
    entry.release = release;
    entry.revision = "r" + std::to_string(release.value);
    entry.descriptor = release == entry.position ? "descriptor" : "";
    return entry;
  }

  std::map<Position, std::string> all_;
  std::string life_;
  std::shared_ptr<MemoryShareState> state_ = std::make_shared<MemoryShareState>();
};

/// A log, and a host that reads it.
class LogTest : public testing::Test {
protected:
  const LogView& view() {
    const auto refreshed = reader_.refresh();
    EXPECT_THAT(refreshed, IsOk());
    static const LogView kNothing;
    return refreshed ? **refreshed : kNothing;
  }

  LogBuilder log_;
  MemoryShare share_{log_.state()};
  LogReader reader_{share_, fleet_trust()};
};

}  // namespace swarmout::test
