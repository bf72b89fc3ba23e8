// What the steps of one leader's work have in common.

#pragma once

#include "common/fleet/signed_record.hpp"
#include "common/release/store.hpp"
#include "common/share/share.hpp"
#include "seeder/election/publish.hpp"
#include "seeder/election/trying_on.hpp"
#include "seeder/seed_options.hpp"
#include "seeder/work_status.hpp"

#include <functional>
#include <stop_token>
#include <string>

namespace swarmout {

/// What happens, as it happens: one sentence a step, for people.
using Narrator = std::function<void(const std::string&)>;

/// All of it outlives the work.
struct Epoch {
  const SeedOptions& options;
  Share& share;
  Store& store;
  Clock& clock;
  const Signer& signer;
  const TrustedKeys& keys;
  const Narrator& narrate;
  const Narrator& progress;
  const Leadership& leadership;
  WorkStatus& status;
  std::stop_token stop;

  /// Its cells on the share: heartbeat and stage.
  [[nodiscard]] std::string cell() const { return claim_cell(claim()); }
  [[nodiscard]] ClaimId claim() const { return {leadership.claim, leadership.owner}; }
  /// With which the entry that ends the claim is put on `to`.
  [[nodiscard]] Pen pen(Share& to) const { return {to, clock, {signer, keys}}; }
  /// Of the swarm that this leader makes; empty: in the clear.
  [[nodiscard]] std::string certificate() const {
    return options.swarm.certificate ? options.swarm.certificate->certificate : std::string();
  }
  [[nodiscard]] std::chrono::milliseconds since(MonotonicTime start) const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock.now() - start);
  }
  /// One sentence for people, with the number of the epoch before it.
  void say(const std::string& sentence) const {
    narrate("epoch " + std::to_string(leadership.claim.value) + ": " + sentence);
  }
};

/// As long as for a COMMIT: what a leader has exported is worth more than a second of the share.
template <typename Step>
[[nodiscard]] auto trying_on(const Epoch& epoch, const Step& step) {
  return trying_on(epoch.clock, epoch.options.publish_patience, epoch.stop, step);
}

}  // namespace swarmout
