// The .torrent of each release that this host has or fetches, kept beside the packs: what is here can be served, and a
// tree made anew from it, while the share is away.

#pragma once

#include "common/base/files.hpp"
#include "common/release/descriptor.hpp"
#include "common/share/share.hpp"

#include <set>
#include <string>

namespace swarmout {

/// One thread.
class KeptTorrents {
public:
  KeptTorrents(const Path& state, Share& share) : directory_(state / "torrents"), share_(share) {}

  /// From here, else from the share. Checked against the descriptor. Errors: as torrent_on_share(), but temporary while
  /// it is not there (yet).
  [[nodiscard]] Result<std::string> get(const Descriptor& release);
  /// It is here.
  [[nodiscard]] bool has(const Descriptor& release) const;
  /// One that was made here. What cannot be kept is asked of the share again.
  void keep(const Descriptor& release, std::string_view torrent);
  [[nodiscard]] Result<void> keep_only(const std::set<InfoHash>& kept);

private:
  Path directory_;
  Share& share_;
};

}  // namespace swarmout
