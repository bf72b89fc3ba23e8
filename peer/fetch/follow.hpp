// What should this host have? Reads the log and the stage, and believes only what is signed and not older than before.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/endpoint.hpp"
#include "common/fleet/freshness.hpp"
#include "common/fleet/leader.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/fleet/log_view.hpp"
#include "common/release/descriptor.hpp"
#include "common/release/signing.hpp"
#include "common/share/share.hpp"
#include "peer/fetch/seen.hpp"

#include <chrono>
#include <cstddef>
#include <optional>

namespace swarmout {

struct Wanted {
  std::optional<SignedDescriptor> published;  ///< the release that is current: the newest, or one gone back to
  std::optional<SignedDescriptor> staged;     ///< what the leader is about to publish
  std::optional<Endpoint> leader;
  std::optional<Endpoint> tracker;         ///< the leader's
  double leader_rate = 0;                  ///< bytes a second it can send; 0: not known
  bool in_progress = false;                ///< a leader is at work: something will be staged, or published, soon
  std::optional<Error> bad_stage;          ///< why what it has staged is not fetched
  std::optional<Error> foreign;            ///< what is on the share and is nobody's whom this host trusts
  std::optional<Freshness> newest_word{};  ///< of the log; none: nothing is signed
  std::string news;                        ///< said once: another log is followed from here on
};

/// How long to wait between two looks. Every `poll` as a rule. While a leader is at work, or this host waits for
/// somebody to fetch from, more often, because what a host learns late it has late, but as share_interval() has it for
/// `fleet` hosts.
[[nodiscard]] std::chrono::milliseconds look_interval(std::chrono::milliseconds poll, bool in_progress,
                                                      std::size_t fleet);

/// One thread.
class Follower {
public:
  /// `seen`: what this host followed before. What is older is refused (a share restored from an old backup, or an
  /// attacker's replay); what a leader stages above it is wanted even so.
  Follower(Share& share, const TrustedKeys& keys, Seen seen, Clock& clock = system_clock())
      : share_(share), keys_(keys), clock_(clock), log_(share, keys), seen_(std::move(seen)) {}

  /// Errors: temporary; refused.
  [[nodiscard]] Result<Wanted> look();
  /// With the release that is current, as far as it may be followed.
  [[nodiscard]] const Seen& seen() const { return seen_; }
  /// Any one of this log. Errors: refused: there is no COMMIT that a trusted key has signed; temporary.
  [[nodiscard]] Result<SignedDescriptor> release_at(Position position);

private:
  [[nodiscard]] Result<void> judge_published(const LogView& log, const LogEntry& current, Wanted& wanted);
  [[nodiscard]] Result<void> judge_staged(const LogView& log, const LogEntry& claim, const SignedDescriptor& staged);
  [[nodiscard]] Result<LogKinship> kinship(const LogView& log);
  [[nodiscard]] Result<LogKinship> kinship_by_entry(const LogView& log);
  [[nodiscard]] Result<LogKinship> kinship_by_release(const LogView& log);
  [[nodiscard]] Result<std::string> bytes_of(Position position);
  void add_leader(const LogView& log, const KnownLeader& leader, Wanted& wanted);

  Share& share_;
  const TrustedKeys& keys_;
  Clock& clock_;
  LogReader log_;
  Seen seen_;
};

}  // namespace swarmout
