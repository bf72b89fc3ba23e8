// The upload gate as a plugin of libtorrent: requests it refuses are answered with a BEP 6 reject, and what a host
// should ask for instead is a BEP 6 suggestion. Included only by files that wrap libtorrent.

#pragma once

#include "common/base/clock.hpp"
#include "common/swarm/acquaintances.hpp"
#include "common/swarm/plugins/swarm_plugin.hpp"

#include <memory>

namespace swarmout {

/// For a host that serves a whole torrent. Hosts at other addresses than the fleet's are served as ever, and not
/// believed. `clock` outlives it.
[[nodiscard]] MakePlugin make_upload_gate(Clock& clock, std::shared_ptr<Acquaintances> known);

}  // namespace swarmout
