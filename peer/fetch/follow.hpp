// What should this host have? Reads the log and the stage, and believes only what is signed and not older than before.

#pragma once

#include "common/base/endpoint.hpp"
#include "common/fleet/leader.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/fleet/log_view.hpp"
#include "common/release/descriptor.hpp"
#include "common/release/signing.hpp"
#include "common/share/share.hpp"

#include <chrono>
#include <cstddef>
#include <optional>

namespace swarmout {

struct Wanted {
  std::optional<SignedDescriptor> published;  ///< the newest release
  std::optional<SignedDescriptor> staged;     ///< what the leader is about to publish
  std::optional<Endpoint> leader;
  std::optional<Endpoint> tracker;  ///< the leader's
  double leader_rate = 0;           ///< bytes a second it can send; 0: not known
  bool in_progress = false;         ///< a leader is at work: something will be staged, or published, soon
};

/// How long to wait between two looks. Every `poll` as a rule. While a leader is at work more often, because what a
/// host learns late it has late, but as share_interval() has it for `fleet` hosts.
[[nodiscard]] std::chrono::milliseconds look_interval(std::chrono::milliseconds poll, bool in_progress,
                                                      std::size_t fleet);

/// One thread.
class Follower {
public:
  /// `seen`: the highest position that this host has ever followed; positions below it are refused (a share restored
  /// from an old backup, or an attacker's replay). What a leader stages above it is wanted even so.
  Follower(Share& share, const VerifyKey& key, Position seen) : share_(share), key_(key), log_(share), seen_(seen) {}

  /// Errors: temporary; refused.
  [[nodiscard]] Result<Wanted> look();
  [[nodiscard]] Position seen() const { return seen_; }

private:
  void add_leader(const KnownLeader& leader, Wanted& wanted);

  Share& share_;
  const VerifyKey& key_;
  LogReader log_;
  Position seen_;
};

}  // namespace swarmout
