// A manifest that is not on this host, from those that have it.

#pragma once

#include "peer/fetch/part_fetch.hpp"

namespace swarmout {

/// Its bytes, checked against the descriptor, which must be trusted. `room`: a directory to work in, which is gone
/// afterwards. `fetched` grows by what came over the network. Errors: as fetch_parts_from(); as KeptTorrents::get().
[[nodiscard]] Result<std::string> fetch_manifest(const FleetAccess& fleet, const SignedDescriptor& release,
                                                 const Path& state, const Path& room, const std::stop_token& stop,
                                                 const PartProgress& progress, Bytes& fetched);

}  // namespace swarmout
