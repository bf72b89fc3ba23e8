#include "peer/own_record.hpp"

#include "peer/fetch/fetch_summary.hpp"

#include <algorithm>

namespace swarmout {

PeerRecord own_record(const OwnState& own, SwarmSession& session) {
  PeerRecord record;
  if (own.active != nullptr) {
    record.active = own.active->position;
    record.active_hash = own.active->info_hash;
    record.revision = own.active->revision;
  }
  if (own.shown != nullptr) {
    const SwarmStatus swarm = session.status(own.shown->info_hash);
    record.target = own.shown->position;
    record.info_hash = own.shown->info_hash;
    record.wanted = own.shown->packed_size;
    record.complete = own.complete;
    record.have = own.complete ? record.wanted : std::min(swarm.have, record.wanted);
    record.download_rate = swarm.download_rate;
    add_transfer(record, swarm, session.transfer(own.shown->info_hash));
    record.downloaded += own.deltas;
  }
  record.trouble = own.trouble;
  record.holds.assign(own.holds.begin(),
                      own.holds.begin() + static_cast<std::ptrdiff_t>(std::min(own.holds.size(), kMaxHolds)));
  record.held_back = own.held_back.why;
  record.passing = own.held_back.passing;
  record.job = own.job;
  record.version = own.version;
  record.pinned = own.pinned;
  return record;
}

}  // namespace swarmout
