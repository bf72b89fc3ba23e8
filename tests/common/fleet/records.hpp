// Records with something in every field.

#pragma once

#include "common/fleet/leader_record.hpp"
#include "common/fleet/peer_record.hpp"
#include "tests/support/fleet_keys.hpp"
#include "tests/support/result_matchers.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>

namespace swarmout::test {

inline constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

inline ClaimId claim_id() {
  return {Position{3}, id_of("owner")};
}

inline HeartbeatInfo heartbeat() {
  HeartbeatInfo info;
  info.claim = claim_id();
  info.time = WallTime(std::chrono::seconds(1'790'000'000));
  info.counter = 1;
  info.host = "host\nwith \xff";
  info.phase = Phase::exporting;
  info.files = 2;
  info.read = 3;
  info.packed = 4;
  info.copies = 5;
  info.peers = 6;
  info.endpoint = Endpoint{"192.0.2.1", 6881};
  info.tracker = Endpoint{"192.0.2.1", 6969};
  info.offered = 7;
  info.line_rate = 8.9;
  info.traffic.hosts = {{Endpoint{"192.0.2.2", 6881}, 0, 9, 0, false}};
  return info;
}

inline PeerRecord peer(const std::string& id = "peer-1") {
  PeerRecord record;
  record.id = id;
  record.counter = 1;
  record.host = "host";
  record.endpoint = {"2001:db8::1", 6881};
  record.interval = std::chrono::seconds(15);
  record.active = Position{2};
  record.active_hash = InfoHash{sha256("active")};
  record.revision = "r2";
  record.target = Position{4};
  record.info_hash = InfoHash{sha256("torrent")};
  record.wanted = 5;
  record.have = 6;
  record.complete = true;
  record.download_rate = 7.9;
  record.downloaded = 8;
  record.uploaded = 9;
  record.trouble = "disk full\n";
  record.duplicate = 2;
  record.failed = 1;
  record.first_piece = std::chrono::milliseconds(10);
  record.fetched_in = std::chrono::milliseconds(11);
  record.traffic.hosts = {{Endpoint{"192.0.2.2", 6881}, 8, 9, 1, true}};
  return record;
}

inline StagedRelease staged() {
  StagedRelease each;
  each.claim = claim_id();
  each.release.descriptor.position = Position{4};
  each.release.descriptor.revision = "r4";
  each.release.text = encode(each.release.descriptor);
  each.release.signature = "four\nlines\n";
  each.endpoint = {"192.0.2.1", 6881};
  each.tracker = Endpoint{"192.0.2.1", 6969};
  return each;
}

inline std::string without_line(std::string text, const std::string& key) {
  const std::size_t begin = text.find('\n' + key + ' ') + 1;
  EXPECT_NE(begin, 0U) << key;
  return text.erase(begin, text.find('\n', begin) + 1 - begin);
}

}  // namespace swarmout::test
