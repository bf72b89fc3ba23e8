// What hosts say in cells of the share: the leader's heartbeat and stage, and one record for each peer.
//
// Text form: docs/formats/share.md. Hosts are clones: nothing in here but the random id tells them apart.

#pragma once

#include "common/base/endpoint.hpp"
#include "common/base/result.hpp"
#include "common/base/units.hpp"
#include "common/release/descriptor.hpp"
#include "common/release/torrent_file.hpp"
#include "common/share/share.hpp"
#include "common/swarm/traffic.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace swarmout {

/// Hosts that a record names; the others are in a sum, so that it stays small.
inline constexpr std::size_t kNamedHosts = 8;

struct HeartbeatInfo {
  std::uint64_t counter = 0;  ///< moves on with every beat; observers look at nothing else
  std::string host;
  std::string phase;  ///< "resolving", "exporting", "sealing", "staged", "seeding"
  std::uint64_t files = 0;
  Bytes read = 0;                    ///< content exported so far
  Bytes packed = 0;                  ///< compressed so far
  std::uint64_t copies = 0;          ///< peers that have all of what is staged
  std::uint64_t peers = 0;           ///< live peers
  std::optional<Endpoint> endpoint;  ///< of the leader's swarm session, once there is one
  std::optional<Endpoint> tracker;   ///< likewise
  Bytes offered = 0;                 ///< all files of what is staged
  double line_rate = 0;              ///< bytes a second its line carries, as far as known; else 0
  Traffic traffic;                   ///< written with at most kNamedHosts hosts
};

struct PeerRecord {
  std::string id;  ///< random, new at each start
  std::uint64_t counter = 0;
  std::string host;
  Endpoint endpoint;
  Position active;                    ///< the release that `current` points to; 0: none
  std::string revision;               ///< of that
  Position target;                    ///< what is being fetched, or served
  std::optional<InfoHash> info_hash;  ///< of the target
  Bytes wanted = 0;
  Bytes have = 0;
  bool complete = false;     ///< the target is whole, verified and unpacked here
  double download_rate = 0;  ///< bytes a second
  Bytes downloaded = 0;
  Bytes uploaded = 0;
  Bytes duplicate = 0;                                   ///< of `downloaded`: was here already
  Bytes failed = 0;                                      ///< of `downloaded`: did not match its hash
  std::optional<std::chrono::milliseconds> first_piece;  ///< from the beginning of the fetch
  std::optional<std::chrono::milliseconds> fetched_in;   ///< likewise, to its last piece; only when it is complete
  Traffic traffic;                                       ///< written with at most kNamedHosts hosts
  std::string trouble;                                   ///< the last error, empty if there is none

  /// What it had to fetch.
  [[nodiscard]] Bytes needed() const { return downloaded - std::min(downloaded, duplicate + failed); }
};

/// What a leader offers before it is published. The endpoint is here, not only in the heartbeat, so that nobody waits
/// for the next beat.
struct StagedRelease {
  SignedDescriptor release;
  Endpoint endpoint;
  std::optional<Endpoint> tracker{};  ///< the leader's, unless its port could not be had
};

/// How often one of `hosts` looks at the share, or one host at their records, so that it is no more than 200 times a
/// second in all; never more often than `least`, never more seldom than `most`.
[[nodiscard]] std::chrono::milliseconds share_interval(std::size_t hosts, std::chrono::milliseconds least,
                                                       std::chrono::milliseconds most);

[[nodiscard]] std::string encode(const StagedRelease& staged);
/// Checks the form, not the signature. Errors: refused.
[[nodiscard]] Result<StagedRelease> decode_staged(std::string_view bytes);
[[nodiscard]] std::string encode(const HeartbeatInfo& info);
[[nodiscard]] Result<HeartbeatInfo> decode_heartbeat(std::string_view bytes);
[[nodiscard]] std::string encode(const PeerRecord& record);
[[nodiscard]] Result<PeerRecord> decode_peer(std::string_view bytes);

/// The heartbeat and stage cells of a claim.
[[nodiscard]] std::string claim_cell(Position claim, std::string_view owner);

struct SeenPeer {
  PeerRecord record;
  WallTime written{};
};

/// Peers write at least every kPeerSilence / 4. One is live if it wrote within kPeerSilence of the newest time on the
/// share: only the share's own times are compared.
inline constexpr std::chrono::seconds kPeerSilence{60};

/// How many peers have a record: live ones, and some that are not any more. One listing.
[[nodiscard]] Result<std::size_t> peers_on(Share& share);

/// Peers that are live, read from at most `limit` cells chosen at random (0: all of them). Cells that cannot be read
/// at the moment are left out. `reference`: a recent time by the share's clock, if the caller has one.
[[nodiscard]] Result<std::vector<SeenPeer>> live_peers(Share& share, std::size_t limit, WallTime reference = {});

}  // namespace swarmout
