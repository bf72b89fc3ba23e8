// One leader's work, from its CLAIM to its end: source → pack → seal → stage → COMMIT → seed. Decides nothing but the
// order of the steps.

#pragma once

#include "common/release/signing.hpp"
#include "common/release/store.hpp"
#include "seeder/election/host_lock.hpp"
#include "seeder/seed_job.hpp"

namespace swarmout {

/// What the work is done with. All of it outlives the call.
struct LeadContext {
  Share& share;
  Store& store;
  Clock& clock;
  const Signer& signer;
  const TrustedKeys& keys;
  HostLock& lock;
  const Narrator& narrate;
  const Narrator& progress;
  const LastResort& last_resort;
};

/// Ends by itself, within seconds, when it is told to, was passed, has stalled or has taken too long. Errors: as
/// run_seed(); `hindered` is set if something that is not signed has taken the number of its COMMIT. If the work fails,
/// an ABANDON was written.
[[nodiscard]] Result<SeedReport> lead_epoch(const SeedOptions& options, const LeadContext& context,
                                            const Leadership& leadership, std::stop_token stop, bool& hindered);

}  // namespace swarmout
