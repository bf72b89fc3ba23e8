// The coordinator of the fetching side: follow → swarm → unpack → activate, and serve what is there.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "peer/peer_options.hpp"

#include <stop_token>

namespace swarmout {

/// Runs until `stop`, or with `once` until the newest release is active. The share being away does not end it.
/// Errors: unavailable; temporary: another service uses the state directory, the port is taken; with `once` also
/// refused, cannot_write and not_found (nothing is published).
[[nodiscard]] Result<void> run_peer(const PeerOptions& options, Clock& clock, std::stop_token stop,
                                    const Narrator& narrate, const ProgressReport& progress);

}  // namespace swarmout
