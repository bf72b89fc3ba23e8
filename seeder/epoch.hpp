// What the steps of one leader's work have in common.

#pragma once

#include "common/fleet/signed_record.hpp"
#include "common/release/store.hpp"
#include "common/share/share.hpp"
#include "seeder/election/publish.hpp"
#include "seeder/seed_options.hpp"
#include "seeder/work_status.hpp"

#include <spdlog/spdlog.h>

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

inline constexpr std::chrono::seconds kTryOnEvery{1};

/// A share that is away for a while does not end a leader's work: what it has exported is worth more than a second.
/// Does `step` until it ends well, or badly for another reason than that the share is away; as long as for a COMMIT
/// (`publish_patience`), or until the work is told to stop. Says once that it waits. A step is done again from its
/// beginning.
template <typename Step>
[[nodiscard]] auto trying_on(const Epoch& epoch, const Step& step) {
  const MonotonicTime begun = epoch.clock.now();
  for (bool said = false;; said = true) {
    auto result = step();
    const bool away =
        !result && (result.error().code == ErrorCode::unavailable || result.error().code == ErrorCode::temporary);
    if (!away || epoch.since(begun) >= epoch.options.publish_patience) {
      return result;
    }
    if (!said) {
      spdlog::warn("{}; trying on", to_string(result.error()));
    }
    if (!epoch.clock.sleep(kTryOnEvery, epoch.stop)) {
      return result;
    }
  }
}

}  // namespace swarmout
