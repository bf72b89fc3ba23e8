// What a host says about a fetch at its end, and in its record.

#pragma once

#include "common/fleet/peer_record.hpp"
#include "common/swarm/swarm_session.hpp"
#include "peer/fetch/retrieval.hpp"

#include <string>

namespace swarmout {

/// Fills in what the swarm knows of how the record's target came here.
void add_transfer(PeerRecord& record, const SwarmStatus& status, const TransferReport& transfer);

/// "12.0 MiB from 3 hosts, most of it from 192.0.2.7:6881 (8.0 MiB); first piece after 0.2 s; …". `line_rate`: what the
/// seeder can send, bytes a second, 0 if that is not known.
[[nodiscard]] std::string fetch_summary(const SwarmStatus& status, const TransferReport& transfer, double line_rate);
[[nodiscard]] std::string fetch_summary(const SwarmSession& session, const InfoHash& release, double line_rate);

/// "release 42: fetching r42 (16.0 MiB packed, 120 files) by a delta of 612 bytes".
[[nodiscard]] std::string fetch_beginning(const RetrievalGoal& goal);

/// "612 bytes", "3.1 KiB", "16.0 MiB".
[[nodiscard]] std::string size_text(Bytes size);

}  // namespace swarmout
