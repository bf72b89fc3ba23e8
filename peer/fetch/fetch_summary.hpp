// What a host says about a fetch at its end, and in its record.

#pragma once

#include "common/fleet/peer_record.hpp"
#include "common/swarm/swarm_session.hpp"

#include <string>

namespace swarmout {

/// Fills in what the swarm knows of how the record's target came here.
void add_transfer(PeerRecord& record, const SwarmStatus& status, const TransferReport& transfer);

/// "12.0 MiB from 3 hosts, most of it from 192.0.2.7:6881 (8.0 MiB); first piece after 0.2 s; …". `line_rate`: what the
/// seeder can send, bytes a second, 0 if that is not known.
[[nodiscard]] std::string fetch_summary(const SwarmStatus& status, const TransferReport& transfer, double line_rate);

}  // namespace swarmout
