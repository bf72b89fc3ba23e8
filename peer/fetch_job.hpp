// One published revision, fetched by hand in the foreground.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "peer/peer_options.hpp"

#include <optional>
#include <stop_token>

namespace swarmout {

struct FetchOptions {
  PeerOptions peer;
  std::string revision;    ///< "latest", a revision or its beginning, or a release number
  std::optional<Path> to;  ///< must not exist, or be empty; default: below peer.dest
};

struct Fetched {
  Path directory;
  std::string summary;  ///< how it came here; empty if it was here already
};

/// Errors: not_found, naming the newest revisions; refused; cannot_write; temporary, also if
/// stopped: what was fetched stays, and the next call goes on from there.
[[nodiscard]] Result<Fetched> run_fetch(const FetchOptions& options, Clock& clock, std::stop_token stop,
                                        const ProgressReport& progress);

}  // namespace swarmout
