// The upload gate as a plugin of libtorrent: requests it refuses are answered with a BEP 6 reject, and what a host
// should ask for instead is a BEP 6 suggestion. Included only by files that wrap libtorrent.

#pragma once

#include <libtorrent/fwd.hpp>
#include <libtorrent/torrent_handle.hpp>

#include <memory>

namespace swarmout {

/// For add_torrent_params::extensions of a host that serves a whole torrent.
[[nodiscard]] std::shared_ptr<lt::torrent_plugin> make_upload_gate(const lt::torrent_handle& torrent,
                                                                   lt::client_data_t);

}  // namespace swarmout
