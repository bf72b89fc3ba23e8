// A fleet's key for tests, a stranger's, and records signed with them, as leaders write them.

#pragma once

#include "common/base/host.hpp"
#include "common/fleet/leader_record.hpp"
#include "common/fleet/log_record.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <string>

namespace swarmout::test {

inline SigningKey new_key() {
  const TempDir keys;
  EXPECT_THAT(make_key_pair(keys.path()), IsOk());
  return SigningKey::load(keys / kSecretKeyFile).value();
}

/// One of each in a process.
inline const SigningKey& fleet_key() {
  static const SigningKey key = new_key();
  return key;
}
inline const SigningKey& strangers_key() {
  static const SigningKey key = new_key();
  return key;
}
inline const TrustedKeys& fleet_trust() {
  static const TrustedKeys trust(fleet_key().verify_key());
  return trust;
}
inline FleetKeys fleet_keys() {
  return {fleet_key(), fleet_trust()};
}

/// What a test calls an owner or a nonce, as one.
inline std::string id_of(const std::string& name) {
  return is_nonce_hex(name) ? name : sha256(name).hex().substr(0, 32);
}

/// An entry as somebody with `key` writes it. What a test leaves open is filled: the log of a MemoryShare, a time.
inline std::string encode_with(LogEntry entry, const swarmout::Signer& key) {
  entry.log = entry.log.empty() ? "memory" : entry.log;
  entry.owner = id_of(entry.owner);
  entry.nonce = id_of(entry.nonce);
  entry.time = entry.time.empty() ? "2026-11-23T12:00:00Z" : entry.time;
  return swarmout::encode(entry, key).value();
}
inline std::string encode(const LogEntry& entry) {
  return encode_with(entry, fleet_key());
}
inline std::string encode(const HeartbeatInfo& info) {
  return swarmout::encode(info, fleet_key()).value();
}
inline std::string encode(const StagedRelease& staged) {
  return swarmout::encode(staged, fleet_key()).value();
}

inline Result<LogEntry> decode_entry(std::string_view bytes) {
  return swarmout::decode_entry(bytes, fleet_trust());
}

/// Of the entry at `position`, for the one after it.
inline Digest digest_of(std::string_view bytes, Position position, const std::string& log = "memory") {
  return record_of(bytes, position, log, fleet_trust()).digest;
}

/// `text` under a good last line.
inline std::string signed_text(const std::string& text, const swarmout::Signer& key = fleet_key()) {
  return signed_record(text, key).value();
}

}  // namespace swarmout::test
