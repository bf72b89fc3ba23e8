// A delta that is too large for the share, as a torrent of its own, and where a host has it while it serves or fetches
// it:
//
//   STATE/deltas/<purpose>-<info-hash>/swarmout/delta, delta.before

#pragma once

#include "common/base/files.hpp"
#include "common/release/torrent_file.hpp"

#include <set>
#include <string>
#include <string_view>

namespace swarmout {

/// `before`: the manifest that it begins at. `certificate`: as for seal_torrent().
[[nodiscard]] Result<SealedTorrent> seal_delta(std::string_view delta, const Digest& before,
                                               const std::string& certificate);

class DeltaRooms {
public:
  /// `purpose`: who of this host has them: one process at a time uses one.
  DeltaRooms(const Path& state, std::string_view purpose) : directory_(state / "deltas"), purpose_(purpose) {}

  /// An empty one, for a session to fetch it into. Errors: cannot_write.
  [[nodiscard]] Result<Path> make(const InfoHash& info_hash) const;
  /// One with the delta in it, for a session to serve.
  [[nodiscard]] Result<Path> make(const InfoHash& info_hash, std::string_view delta, const Digest& before) const;
  /// What was fetched into it. Errors: not_found; refused: larger than `limit`.
  [[nodiscard]] Result<std::string> read(const InfoHash& info_hash, Bytes limit) const;
  [[nodiscard]] Result<void> remove(const InfoHash& info_hash) const;
  /// All of this purpose: what a killed process has left.
  [[nodiscard]] Result<void> clear() const;

private:
  [[nodiscard]] Path room(const InfoHash& info_hash) const;

  Path directory_;
  std::string purpose_;
};

}  // namespace swarmout
