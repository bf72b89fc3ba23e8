// Once in the fleet: one host does a piece of work for a slot, by the election that seeds have, on a log of its own.
//
// That it went well is an entry of the log, at most one a slot. That the work itself is done once cannot be promised by
// anybody: a host that dies may have done all of it but the saying. What is promised: docs/election.md.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/fleet/signed_record.hpp"
#include "common/share/share.hpp"
#include "seeder/election/contender.hpp"
#include "seeder/election/election.hpp"
#include "seeder/election/heartbeat.hpp"
#include "seeder/election/publish.hpp"
#include "seeder/election/stop_order.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

namespace swarmout {

struct OneHostSettings {
  ShareAddress share;  ///< of the fleet
  std::string job;
  std::string revision;       ///< what it was done with: goes into the entry
  ElectionSettings election;  ///< with a slot: what it is once for
  HeartbeatSettings heartbeat;
  std::chrono::milliseconds publish_patience{std::chrono::minutes(5)};
};

/// How the work ended.
struct WorkEnd {
  bool well = false;
  std::string why{};  ///< not well: goes into the log, for everybody
};

/// Does it, on the calling thread. When `order` is given this host does not lead any more: it must end what it has
/// begun.
using OneHostWork = std::function<Result<WorkEnd>(const StopOrder& order)>;

enum class OneHostEnd {
  done,    ///< here, and that is an entry
  failed,  ///< here, and that is an entry
  passed,  ///< by another host before it began: it is done already
};

/// One thread, but for the heartbeat's.
class OneHost {
public:
  /// Opens the job's log; makes it, if this is the first host. All references outlive this. Errors: as
  /// open_job_share().
  [[nodiscard]] static Result<OneHost> open(const OneHostSettings& settings, FleetKeys keys, Clock& clock,
                                            std::stop_token stop);

  /// As elect(). `before_claim` likewise. Whoever has no share for its beats makes no claim.
  [[nodiscard]] Result<ElectionOutcome> elect(std::stop_token stop, const BeforeClaim& before_claim);

  /// Beats while `work` is at it, and says how it ended. Errors: what `work` fails with, after an ABANDON; temporary:
  /// this host was passed, whatever the work has come to, or whether its entry is there is not known.
  [[nodiscard]] Result<OneHostEnd> lead(const Leadership& leadership, const OneHostWork& work);

private:
  OneHost(const OneHostSettings& settings, FleetKeys keys, Clock& clock, std::unique_ptr<Share> share)
      : settings_(&settings), keys_(keys), clock_(&clock), share_(std::move(share)) {}
  [[nodiscard]] Result<bool> is_done_already(const Leadership& leadership, const StopOrder& order);
  [[nodiscard]] Result<OneHostEnd> say_end(const Leadership& leadership, const WorkEnd& end);
  [[nodiscard]] Result<void> give_up(const Leadership& leadership, const std::string& why);
  void tidy(const Leadership& leadership);

  const OneHostSettings* settings_;
  FleetKeys keys_;
  Clock* clock_;
  std::unique_ptr<Share> share_;
  std::unique_ptr<Share> beats_;  ///< of a claim that is about to be made
};

}  // namespace swarmout
