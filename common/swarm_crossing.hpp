// Two hosts that connect to each other at the same moment keep one of the two connections.
//
// libtorrent, which learns only from the extension handshake who is at the other end, drops the one that came in. Both
// ends do so where several hosts may share an address, both try again a second later, and in a fleet that starts at
// once most pairs never meet. Here the host with the lower address and port keeps the connection that it made. Included
// only by files that wrap libtorrent.

#pragma once

#include "common/endpoint.hpp"

#include <libtorrent/extensions.hpp>
#include <libtorrent/torrent_handle.hpp>

#include <functional>
#include <memory>

namespace swarmout {

/// `self`: where this host listens, as others know it.
[[nodiscard]] std::function<std::shared_ptr<lt::torrent_plugin>(const lt::torrent_handle&, lt::client_data_t)>
make_crossing(Endpoint self);

}  // namespace swarmout
