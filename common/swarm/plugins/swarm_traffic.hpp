// Counts what each connection of a torrent carries, as a plugin of libtorrent: its own counters know no hosts that have
// left. Included only by files that wrap libtorrent.

#pragma once

#include "common/base/clock.hpp"
#include "common/swarm/plugins/swarm_plugin.hpp"
#include "common/swarm/traffic.hpp"

#include <memory>

namespace swarmout {

/// `clock` outlives the session.
[[nodiscard]] MakePlugin make_traffic_counter(std::shared_ptr<TrafficLedger> ledger, Clock& clock);

}  // namespace swarmout
