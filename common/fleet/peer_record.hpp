// What each peer says of itself in its cell of the share.

#pragma once

#include "common/base/endpoint.hpp"
#include "common/base/result.hpp"
#include "common/base/units.hpp"
#include "common/fleet/record_fields.hpp"
#include "common/release/descriptor.hpp"
#include "common/release/torrent_file.hpp"
#include "common/swarm/traffic.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

/// Releases that a record names.
inline constexpr std::size_t kMaxHolds = 16;

/// The last job of `swarmout run` that ended on a host.
struct JobRecord {
  std::string name;
  Position release;  ///< 0: not known
  int status = 0;    ///< as a shell has it
  std::chrono::milliseconds took{0};
  std::string ended{};   ///< UTC
  std::string output{};  ///< its end, as much as there is room for
  bool operator==(const JobRecord&) const = default;
};

struct PeerRecord {
  std::string id;  ///< random, new at each start
  std::uint64_t counter = 0;
  std::chrono::milliseconds interval{};  ///< the next record comes within this; 0: it does not say
  std::string host;
  Endpoint endpoint;
  Position active;                      ///< the release that `current` points to; 0: none
  std::optional<InfoHash> active_hash;  ///< of that: a position names a release within one log only
  std::string revision;                 ///< of that
  Position target;                      ///< what is being fetched, or served
  std::optional<InfoHash> info_hash;    ///< of the target
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
  std::optional<JobRecord> job{};                        ///< none: none has ended here, or its outcome was not left
  std::vector<Position> holds{};  ///< releases that it has all of, the newest kMaxHolds; each also as is_active_on()
  std::string held_back{};        ///< why `current` does not follow the fleet; empty: it does
  bool passing = false;           ///< what holds it back ends by itself: a hook is at work
  std::string version{};          ///< of swarmout; empty: one that does not say
  std::string pinned{};           ///< what is pinned by hand there, in words; empty: nothing

  /// `current` is this release, and not another one with its number: of a share that was lost and made anew, say.
  [[nodiscard]] bool is_active_on(const Descriptor& release) const {
    return active == release.position && active_hash == release.info_hash;
  }
  /// It has every byte of it, verified.
  [[nodiscard]] bool has_all_of(const Descriptor& release) const {
    return active_hash == release.info_hash || (info_hash == release.info_hash && complete);
  }
  /// What it had to fetch.
  [[nodiscard]] Bytes needed() const { return downloaded - std::min(downloaded, duplicate + failed); }
};

[[nodiscard]] std::string encode(const PeerRecord& record);
[[nodiscard]] Result<PeerRecord> decode_peer(std::string_view bytes);

}  // namespace swarmout
