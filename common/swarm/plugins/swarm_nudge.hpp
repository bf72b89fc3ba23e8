// Tells an idle host that there is something to ask for, in a way that libtorrent understands.
//
// libtorrent looks for blocks to request when a peer becomes interesting, unchokes it, or delivers. A HAVE from a peer
// that is interesting already is only noted; if nothing is outstanding on that connection, it idles for up to five
// seconds, or asks for blocks that are on their way from elsewhere. In a young swarm, where all have nearly the same
// pieces, most connections are in that state. So an UNCHOKE (BEP 3: "you may ask") follows each HAVE to a host that has
// nothing outstanding with us; it says nothing new to any client, and makes this one look again.
//
// Included only by files that wrap libtorrent.

#pragma once

#include <libtorrent/fwd.hpp>
#include <libtorrent/torrent_handle.hpp>

#include <memory>

namespace swarmout {

/// For add_torrent_params::extensions of a host that fetches.
[[nodiscard]] std::shared_ptr<lt::torrent_plugin> make_nudge(const lt::torrent_handle& torrent, lt::client_data_t);

}  // namespace swarmout
