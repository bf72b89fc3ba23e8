// What a session is given to serve or to fetch, and one way to say "this release, whole in the store".

#pragma once

#include "common/base/endpoint.hpp"
#include "common/base/files.hpp"
#include "common/base/units.hpp"
#include "common/release/store.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace swarmout {

/// Of a file: the first byte, and the one behind the last.
using ByteRange = std::pair<Bytes, Bytes>;
/// By the names that files have in a torrent.
using FileRanges = std::map<std::string, std::vector<ByteRange>>;

struct SwarmContent {
  std::string torrent;               ///< bytes of the .torrent
  Path directory;                    ///< its files are <directory>/swarmout/<name>; must exist
  std::set<std::string> complete;    ///< names of the files that are known to be there, whole and right
  bool check_existing = false;       ///< other files may be there in part: hash what is there (resume)
  std::vector<Endpoint> peers;       ///< tried at once, before the first tick
  std::vector<Endpoint> trackers{};  ///< HTTP trackers to announce to; others that did are tried at once, too
  RateLimits limits{};               ///< for this release; the session's hold as well
  std::optional<FileRanges> only{};  ///< fetch the pieces with these bytes and nothing else
};

/// What a session needs to serve a release that is whole in the store; laid out in the directory that the store has for
/// `purpose`. Errors: not_found: a file of it is missing here; refused: the torrent is another one.
[[nodiscard]] Result<SwarmContent> release_content(Store& store, const Descriptor& release, std::string torrent,
                                                   std::string_view purpose);

}  // namespace swarmout
