#include "seeder/seed_job.hpp"

#include "common/base/failpoint.hpp"
#include "common/base/private_files.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/names/slot.hpp"
#include "common/release/signing_source.hpp"
#include "common/release/store.hpp"
#include "common/share/open_share.hpp"
#include "seeder/election/election.hpp"
#include "seeder/election/host_lock.hpp"
#include "seeder/lead.hpp"
#include "seeder/sealed_release.hpp"
#include "seeder/source/credentials.hpp"
#include "seeder/source/open_source.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdlib>

namespace swarmout {

namespace {

/// One attempt at one slot.
struct Attempt {
  Result<SeedReport> report;
  bool worth_another = false;
  bool hindered = false;  ///< something that is not signed has taken the number of its COMMIT
};

/// Of one run, after something that is not signed got in the way: whoever is faster each time has stopped the fleet,
/// and that is to be known.
constexpr unsigned kMaxHindered = 3;

Attempt try_slot(const SeedOptions& options, const ElectionSettings& election, const LeadContext& context,
                 std::stop_token stop) {
  LogReader log(context.share, context.keys);
  auto outcome =
      elect(context.share, log, context.clock, context.signer, election, stop, [&](const std::string& owner) {
        context.lock.leads(election.slot, owner);
        return Result<void>();
      });
  if (!outcome) {
    return {tl::unexpected(outcome.error())};
  }
  if (const auto* published = std::get_if<AlreadyPublished>(&*outcome)) {
    return {SeedReport{SeedReport::Outcome::already_published, published->release, published->message}};
  }
  if (const auto* other = std::get_if<SomebodyElse>(&*outcome)) {
    return {SeedReport{SeedReport::Outcome::somebody_else, {}, other->message}};
  }
  if (const auto* held = std::get_if<FleetHeld>(&*outcome)) {
    return {SeedReport{SeedReport::Outcome::held, {}, held->message}};
  }
  const Leadership& leadership = std::get<Leadership>(*outcome);
  const std::string& slot = election.slot;
  context.narrate(fmt::format("epoch {}: elected{}{}", leadership.claim.value, slot.empty() ? "" : " for slot " + slot,
                              leadership.attempt > 1 ? fmt::format(" (attempt {})", leadership.attempt) : ""));
  failpoint("after-elected");
  bool hindered = false;
  auto report = lead_epoch(options, context, leadership, stop, hindered);
  const bool failed = !report && report.error().code == ErrorCode::failed;
  return {std::move(report), failed && !slot.empty() && leadership.attempt < election.max_attempts, hindered};
}

/// Wins nothing, or does the work of one slot. A host whose work failed contends again, after deputies of other hosts
/// had their chance: in a fleet of one nobody else would.
Result<SeedReport> run_slot(const SeedOptions& options, const std::string& slot, const LeadContext& context,
                            std::stop_token stop) {
  ElectionSettings election = options.election;
  election.slot = slot;
  election.dead_owner = context.lock.dead_owner();
  Attempt attempt = try_slot(options, election, context, stop);
  unsigned hindered = 0;
  while (attempt.worth_another || (attempt.hindered && ++hindered < kMaxHindered)) {
    const Error failure = attempt.report.error();
    if (attempt.hindered) {
      spdlog::warn("{}; going on at the next number", to_string(failure));
    } else {
      context.narrate(to_string(failure));
      if (!context.clock.sleep(election.retry_wait, stop)) {
        return tl::unexpected(failure);
      }
    }
    election.splay = std::chrono::milliseconds(0);
    attempt = try_slot(options, election, context, stop);
    const bool by_another = attempt.report && (attempt.report->outcome == SeedReport::Outcome::somebody_else ||
                                               attempt.report->outcome == SeedReport::Outcome::already_published ||
                                               attempt.report->outcome == SeedReport::Outcome::held);
    if (by_another) {
      return tl::unexpected(failure);  // the slot is in other hands; what failed here is still to be known
    }
  }
  return std::move(attempt.report);
}

/// With a period a run takes no longer, without one its publication holds off others for so long.
std::chrono::milliseconds between_runs(const SeedOptions& options) {
  return options.period.count() > 0 ? std::chrono::milliseconds(options.period) : options.election.hold_off;
}

}  // namespace

void end_process(const Error& error) {
  const std::string line = "swarmout: " + to_string(error) + "\n";
  pollfd ready{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&ready, 1, 0) == 1) {
    [[maybe_unused]] const ssize_t said = ::write(STDERR_FILENO, line.data(), line.size());
  }
  std::_Exit(static_cast<int>(error.code));
}

Result<SeedReport> run_seed(const SeedOptions& options, Clock& clock, std::stop_token stop, const Narrator& narrate,
                            const Narrator& progress, const LastResort& last_resort) {
  // A wrong spelling should not wait for an election.
  TRY(open_source(options.source, options.state, options.source_options));
  TRY_ASSIGN(const LeaderKeys keys, load_leader_keys({options.keys, options.sign_command, quotable}));
  TRY(make_private_directory(options.state));  // first, so that trouble with the share can be remembered in it
  // Runs of one host must not pile up behind a slow one.
  const Path lock_file = options.state / "seed.lock";
  TRY_ASSIGN(auto lock, HostLock::take(lock_file, clock));
  if (!lock) {
    TRY_ASSIGN(const LockHolder holder, holder_of(lock_file, clock));
    TRY_ASSIGN(std::string held, judge_holder(holder, clock.now(), between_runs(options)));
    return SeedReport{SeedReport::Outcome::somebody_else, {}, std::move(held)};
  }
  TRY_ASSIGN(const auto share, open_share(options.share, stop));
  TRY_ASSIGN(Store store, Store::open(options.state));
  TRY(store.clear_scratch());  // left behind by runs that were killed, and
  TRY(store.remove_layouts(kSeedPurpose));
  const auto current_slot = [&]() -> Result<std::string> {
    if (!options.election.slot.empty() || options.period.count() == 0) {
      return options.election.slot;
    }
    return share->now().map([&](WallTime now) { return slot_of(now, options.period); });
  };
  const LeadContext context{*share, store, clock, *keys.signer, keys.trusted, *lock, narrate, progress, last_resort};
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
