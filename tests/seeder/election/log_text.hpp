// Logs for tests: entries with a proper chain, written as another host would.

#pragma once

#include "common/base/host.hpp"
#include "common/fleet/leader_record.hpp"
#include "common/fleet/log_entry.hpp"
#include "common/fleet/log_view.hpp"
#include "seeder/election/publish.hpp"
#include "tests/support/memory_share.hpp"
#include "tests/support/result_matchers.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

namespace swarmout::test {

/// Another host on the same share.
class OtherHost {
public:
  explicit OtherHost(std::shared_ptr<MemoryShareState> state, std::string name = "other-host")
      : state_(std::move(state)), share_(state_), name_(std::move(name)) {}

  /// A CLAIM at the end of the log.
  Leadership claim(const std::string& slot = "", unsigned attempt = 1) {
    const Position tail = share_.tail({}).value();
    LogEntry entry;
    entry.kind = EntryKind::claim;
    entry.position = tail.next();
    entry.previous = tail.value == 0 ? Digest{} : sha256(*share_.read(tail).value());
    entry.owner = random_nonce_hex();
    entry.slot = slot;
    entry.attempt = attempt;
    sign_in(entry, share_.now().value());
    entry.host = name_;
    const std::string bytes = encode(entry);
    EXPECT_EQ(share_.put(entry.position, bytes).outcome, PutOutcome::won);
    return {entry.position, sha256(bytes), entry.owner, slot, attempt};
  }
  /// Publishes a made-up release under a claim.
  Position commit(const Leadership& leadership, const std::string& revision = "r1") {
    const auto done = publish(share_, *state_->clock, leadership, made_up(leadership.claim.next(), revision), {});
    EXPECT_THAT(done, IsOk());
    return done ? std::get<Published>(*done).position : Position{};
  }
  void commit_unchanged(const Leadership& leadership, Position release) {
    EXPECT_THAT(publish_unchanged(share_, *state_->clock, leadership, release, "r1", {}), IsOk());
  }
  void abandon(const Leadership& leadership, const std::string& reason) {
    EXPECT_THAT(swarmout::abandon(share_, *state_->clock, leadership, reason, {}), IsOk());
  }
  /// A heartbeat that differs from the one before.
  void beat(Position claim, const std::string& owner) {
    HeartbeatInfo info;
    info.counter = ++beats_;
    info.phase = Phase::exporting;
    info.files = 17;
    EXPECT_THAT(share_.write_cell(CellKind::heartbeat, claim_cell(claim, owner), encode(info)), IsOk());
  }
  void beat(const Leadership& leadership) { beat(leadership.claim, leadership.owner); }

  [[nodiscard]] MemoryShare& share() { return share_; }

  static SignedDescriptor made_up(Position position, const std::string& revision) {
    SignedDescriptor release;
    release.descriptor.position = position;
    release.descriptor.revision = revision;
    release.descriptor.info_hash = {sha256("release " + std::to_string(position.value))};
    release.text = encode(release.descriptor);
    release.signature = "not a signature";
    return release;
  }

private:
  std::shared_ptr<MemoryShareState> state_;
  MemoryShare share_;
  std::string name_;
  std::uint64_t beats_ = 0;
};

/// The entry of this number, decoded.
inline LogEntry entry_at(Share& share, Position position) {
  const auto bytes = share.read(position);
  EXPECT_TRUE(bytes && *bytes) << "no entry " << position.value;
  const auto entry = decode_entry(bytes && *bytes ? **bytes : "");
  EXPECT_THAT(entry, IsOk());
  return entry.value_or(LogEntry{});
}

}  // namespace swarmout::test
