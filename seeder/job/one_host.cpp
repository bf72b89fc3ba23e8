#include "seeder/job/one_host.hpp"

#include "common/base/failpoint.hpp"
#include "common/base/host.hpp"
#include "common/share/open_share.hpp"
#include "seeder/election/trying_on.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <optional>

namespace swarmout {

namespace {

/// Cells that nobody writes any more, of hosts that died.
constexpr std::chrono::hours kForgottenJob{24};
/// A claim is somebody else's after so many without one.
constexpr int kBeatsToStay = 6;

Error was_passed(const StopOrder::Given& order) {
  Error error = error_of(order);
  if (number_is_taken(order.reason)) {
    error.message = (order.reason == StopReason::passed ? "FENCED: " : "") + order.why;  // nothing is published by jobs
  }
  error.message += "; another host may do, or have done, the same work";
  return error;
}

}  // namespace

Result<OneHost> OneHost::open(const OneHostSettings& settings, FleetKeys keys, Clock& clock, std::stop_token stop) {
  TRY_ASSIGN(auto share, open_job_share(settings.share, settings.job, std::move(stop)));
  return OneHost(settings, keys, clock, std::move(share));
}

Result<ElectionOutcome> OneHost::elect(std::stop_token stop, const BeforeClaim& before_claim) {
  INVARIANT(!settings_->election.slot.empty());
  LogReader log(*share_, keys_.trusted);
  return swarmout::elect(*share_, log, *clock_, keys_.signer, settings_->election, std::move(stop),
                         [&](const std::string& owner) -> Result<void> {
                           TRY_ASSIGN(beats_, open_share(job_address(settings_->share, settings_->job)));
                           return before_claim(owner);
                         });
}

/// Contenders look at the end of the log only. Whoever won reads it anew, and further.
Result<bool> OneHost::is_done_already(const Leadership& leadership, const StopOrder& order) {
  LogReader log(*share_, keys_.trusted);
  TRY_ASSIGN(const LogView* view, trying_on(*clock_, settings_->heartbeat.interval * kBeatsToStay, order.token(),
                                            [&] { return log.refresh_with_slots(); }));
  if (view->tail() != leadership.claim || view->open_claim() == nullptr) {
    return fail(ErrorCode::temporary,
                fmt::format("epoch {} of {} was passed before its work began", leadership.claim.value, settings_->job));
  }
  return view->commit_of(leadership.slot) != nullptr;
}

Result<OneHostEnd> OneHost::lead(const Leadership& leadership, const OneHostWork& work) {
  StopOrder order{std::stop_token()};
  INVARIANT(beats_ != nullptr);
  std::optional<Heartbeat> heartbeat;
  heartbeat.emplace(std::move(beats_), keys_, leadership, settings_->heartbeat, *clock_, order, [] {
    HeartbeatInfo info;
    info.host = host_name();
    info.phase = Phase::other;
    return info;
  });
  const auto done = is_done_already(leadership, order);
  if (!done || *done) {
    heartbeat.reset();
    TRY(done);
    TRY(give_up(leadership, "it is done already"));
    tidy(leadership);
    return OneHostEnd::passed;
  }
  failpoint("before-job");
  auto end = work(order);
  failpoint("after-job");
  const auto given = order.given();
  if (given) {
    heartbeat.reset();
    tidy(leadership);
    return tl::unexpected(was_passed(*given));
  }
  auto said = end ? say_end(leadership, *end) : Result<OneHostEnd>(tl::unexpected(end.error()));
  if (!end) {
    if (const auto gave_up = give_up(leadership, end.error().message); !gave_up) {
      spdlog::warn("{}", to_string(gave_up.error()));
    }
  }
  heartbeat.reset();  // not before its end is said: others would take this host for dead
  tidy(leadership);
  return said;
}

Result<OneHostEnd> OneHost::say_end(const Leadership& leadership, const WorkEnd& end) {
  const Pen pen{*share_, *clock_, keys_};
  if (!end.well) {
    TRY(give_up(leadership, end.why));
    return OneHostEnd::failed;
  }
  TRY_ASSIGN(const PublishOutcome outcome,
             publish_unchanged(pen, leadership, Position{0}, settings_->revision, settings_->publish_patience));
  if (const auto* const fenced = std::get_if<Fenced>(&outcome)) {
    return tl::unexpected(was_passed({fenced->foreign ? StopReason::hindered : StopReason::passed,
                                      fmt::format("the work of {} has ended well, but epoch {} was taken over by {}",
                                                  settings_->job, leadership.claim.value, fenced->by)}));
  }
  return OneHostEnd::done;
}

Result<void> OneHost::give_up(const Leadership& leadership, const std::string& why) {
  TRY(abandon({*share_, *clock_, keys_}, leadership, why, settings_->publish_patience));
  return {};
}

/// What fails does no harm: it ages away.
void OneHost::tidy(const Leadership& leadership) {
  const auto removed =
      share_->remove_cell(CellKind::heartbeat, claim_cell(leadership.claim, leadership.owner)).and_then([&] {
        return share_->now();
      });
  if (removed) {
    [[maybe_unused]] const auto aged = share_->remove_stale(*removed - kForgottenJob);
  }
}

}  // namespace swarmout
