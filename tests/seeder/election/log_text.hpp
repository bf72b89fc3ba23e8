// Logs for tests: entries with a proper chain, written as another host would.

#pragma once

#include "common/base/host.hpp"
#include "common/fleet/leader_record.hpp"
#include "common/fleet/log_entry.hpp"
#include "common/fleet/log_view.hpp"
#include "seeder/election/publish.hpp"
#include "tests/support/fleet_keys.hpp"
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
    entry.log = state_->cluster;
    entry.position = tail.next();
    entry.previous = tail.value == 0 ? Digest{} : digest_of(*share_.read(tail).value(), tail, state_->cluster);
    entry.owner = random_nonce_hex();
    entry.slot = slot;
    entry.attempt = attempt;
    sign_in(entry, share_.now().value());
    entry.host = name_;
    const std::string bytes = encode_with(entry, *key_);
    EXPECT_EQ(share_.put(entry.position, bytes).outcome, PutOutcome::won);
    return {entry.log, entry.position, sha256(bytes), entry.owner, slot, attempt};
  }
  /// Publishes a made-up release under a claim.
  Position commit(const Leadership& leadership, const std::string& revision = "r1") {
    const auto done = publish(pen(), leadership, made_up(leadership.claim.next(), revision), {});
    EXPECT_THAT(done, IsOk());
    return done ? std::get<Published>(*done).position : Position{};
  }
  void commit_unchanged(const Leadership& leadership, Position release) {
    EXPECT_THAT(publish_unchanged(pen(), leadership, release, "r1", {}), IsOk());
  }
  void abandon(const Leadership& leadership, const std::string& reason) {
    EXPECT_THAT(swarmout::abandon(pen(), leadership, reason, {}), IsOk());
  }
  /// A heartbeat that counts on from the one before.
  void beat(Position claim, const std::string& owner) {
    HeartbeatInfo info;
    info.claim = {claim, owner};
    info.time = state_->clock->wall();
    info.counter = ++beats_;
    info.phase = Phase::exporting;
    info.files = 17;
    EXPECT_THAT(share_.write_cell(CellKind::heartbeat, claim_cell(claim, owner), swarmout::encode(info, *key_).value()),
                IsOk());
  }
  void beat(const Leadership& leadership) { beat(leadership.claim, leadership.owner); }

  [[nodiscard]] MemoryShare& share() { return share_; }
  [[nodiscard]] Pen pen() { return {share_, *state_->clock, {*key_, fleet_trust()}}; }
  /// Instead of the fleet's key.
  void sign_with(const SigningKey& key) { key_ = &key; }
  [[nodiscard]] const SigningKey& key() const { return *key_; }

  static SignedDescriptor made_up(Position position, const std::string& revision) {
    SignedDescriptor release;
    release.descriptor.position = position;
    release.descriptor.revision = revision;
    release.descriptor.info_hash = {sha256("release " + std::to_string(position.value))};
    release.text = encode(release.descriptor);
    release.signature = fleet_key().sign(release.text, "test").value();
    return release;
  }

private:
  std::shared_ptr<MemoryShareState> state_;
  MemoryShare share_;
  std::string name_;
  const SigningKey* key_ = &fleet_key();
  std::uint64_t beats_ = 0;
};

/// The entry of this number, decoded.
inline LogEntry entry_at(Share& share, Position position, const TrustedKeys& keys = fleet_trust()) {
  const auto bytes = share.read(position);
  EXPECT_TRUE(bytes && *bytes) << "no entry " << position.value;
  const auto entry = swarmout::decode_entry(bytes && *bytes ? **bytes : "", keys);
  EXPECT_THAT(entry, IsOk());
  return entry.value_or(LogEntry{});
}

}  // namespace swarmout::test
