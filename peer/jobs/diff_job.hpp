// `diff`: what has changed between two releases. Nothing of their trees is needed: a manifest that this host has not
// got is fetched from the fleet, and nothing else.

#pragma once

#include "common/base/clock.hpp"
#include "common/release/manifest.hpp"
#include "common/swarm/swarm_session.hpp"
#include "peer/peer_options.hpp"

#include <functional>
#include <stop_token>
#include <string>

namespace swarmout {

struct DiffOptions {
  PeerOptions peer;    ///< of the share and the swarm only what is needed where a manifest is not here
  std::string before;  ///< each as find_kept() takes it on this host, else as find_release() on the share
  std::string after;
};

/// A release and what is in it.
struct ReleaseContents {
  Position release;
  std::string shown;  ///< "release 42 (v1.2.3)"
  Manifest manifest;
};
struct TwoReleases {
  ReleaseContents before;
  ReleaseContents after;
  Bytes fetched = 0;
};

/// Errors: not_found: one of them is neither here nor on the share; refused; temporary: nobody has its manifest.
[[nodiscard]] Result<TwoReleases> run_diff(const DiffOptions& options, Clock& clock, const std::stop_token& stop,
                                           const std::function<void(const SwarmStatus&)>& progress);

}  // namespace swarmout
