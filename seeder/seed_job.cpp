#include "seeder/seed_job.hpp"

#include "common/base/failpoint.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/release/signing.hpp"
#include "common/release/store.hpp"
#include "common/share/open_share.hpp"
#include "seeder/election/slot.hpp"
#include "seeder/lead.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

/// Wins nothing, or does the work of one slot.
Result<SeedReport> run_slot(const SeedOptions& options, const std::string& slot, const LeadContext& context,
                            std::stop_token stop) {
  ElectionSettings election = options.election;
  election.slot = slot;
  LogReader log(context.share);
  TRY_ASSIGN(ElectionOutcome outcome, elect(context.share, log, context.clock, election, stop));
  if (const auto* published = std::get_if<AlreadyPublished>(&outcome)) {
    return SeedReport{SeedReport::Outcome::already_published, published->release, published->message};
  }
  if (const auto* other = std::get_if<SomebodyElse>(&outcome)) {
    return SeedReport{SeedReport::Outcome::somebody_else, {}, other->message};
  }
  Leadership& leadership = std::get<Leadership>(outcome);
  context.narrate(fmt::format("epoch {}: elected{}{}", leadership.claim.value, slot.empty() ? "" : " for slot " + slot,
                              leadership.attempt > 1 ? fmt::format(" (attempt {})", leadership.attempt) : ""));
  failpoint("after-elected");
  return lead_epoch(options, context, std::move(leadership), stop);
}

}  // namespace

Result<SeedReport> run_seed(const SeedOptions& options, Clock& clock, std::stop_token stop, const Narrator& narrate,
                            const Narrator& progress) {
  TRY(open_source(options.source, options.state,
                  options.source_options));  // a wrong spelling should not wait for an election
  TRY_ASSIGN(SigningKey key, SigningKey::load(options.keys / kSecretKeyFile).map_error([&](Error error) {
    if (error.code == ErrorCode::not_found) {
      error = {ErrorCode::usage,
               fmt::format("this host may not lead: there is no {}", (options.keys / kSecretKeyFile).native()),
               "run `swarmout init` once and put the key into the image"};
    }
    return error;
  }));
  TRY(make_directories(options.state));  // first, so that trouble with the share can be remembered in it
  TRY_ASSIGN(const auto share, open_share(options.share, stop));
  // Runs of one host must not pile up behind a slow one.
  TRY_ASSIGN(const auto host_lock, try_lock(options.state / "seed.lock"));
  if (!host_lock) {
    return SeedReport{SeedReport::Outcome::somebody_else, {}, "an earlier run is still at work on this host"};
  }
  TRY_ASSIGN(Store store, Store::open(options.state));
  TRY(store.remove_layouts("seed"));  // left behind by a run that was killed
  const auto current_slot = [&]() -> Result<std::string> {
    if (!options.election.slot.empty() || options.period.count() == 0) {
      return options.election.slot;
    }
    return share->now().map([&](WallTime now) { return slot_of(now, options.period); });
  };
  const LeadContext context{*share, store, clock, key, narrate, progress};
  TRY_ASSIGN(std::string slot, current_slot());
  TRY_ASSIGN(SeedReport report, run_slot(options, slot, context, stop));
  if (options.catch_up && report.outcome == SeedReport::Outcome::published) {
    TRY_ASSIGN(std::string next, current_slot());
    if (next != slot) {
      narrate(report.message);
      return run_slot(options, next, context, stop);
    }
  }
  return report;
}

}  // namespace swarmout
