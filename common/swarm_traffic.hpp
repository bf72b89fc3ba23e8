// Counts what each connection of a torrent carries, as a plugin of libtorrent: its own counters know no hosts that have
// left. Included only by files that wrap libtorrent.

#pragma once

#include "common/clock.hpp"
#include "common/traffic.hpp"

#include <libtorrent/fwd.hpp>
#include <libtorrent/torrent_handle.hpp>

#include <functional>
#include <memory>

namespace swarmout {

/// For add_torrent_params::extensions. `clock` outlives the session.
[[nodiscard]] std::function<std::shared_ptr<lt::torrent_plugin>(const lt::torrent_handle&, lt::client_data_t)>
make_traffic_counter(std::shared_ptr<TrafficLedger> ledger, Clock& clock);

}  // namespace swarmout
