#include "cli/output.hpp"
#include "cli/steer/one_host.hpp"
#include "cli/steer/steering.hpp"
#include "cli/verbs.hpp"
#include "common/base/clock.hpp"
#include "common/base/duration.hpp"
#include "common/fleet/trust.hpp"
#include "peer/fetch/find_release.hpp"
#include "seeder/steer/go_back.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

struct RollbackTargets {
  SteerTargets steer;
  HostTargetsOfOrders host;
  std::string to;
  bool force = false;
};

/// Entries that are read for the release before the current one, at first: years of hourly runs are more.
constexpr std::uint64_t kFewEntries = 200;

Result<SignedDescriptor> before_current(Helm& helm) {
  TRY_ASSIGN(const LogView* const few, helm.log().refresh_with_entries(kFewEntries));
  const LogEntry* before = release_before_current(*few);
  if (before == nullptr) {
    TRY_ASSIGN(const LogView* const all, helm.log().refresh_with_slots());
    before = release_before_current(*all);
  }
  if (before == nullptr) {
    return fail(ErrorCode::not_found, "there is no release before the one that is current",
                "`swarmout history` shows what there is; --to names one");
  }
  return trusted(*before, helm.log().keys());
}

Result<SignedDescriptor> target(const RollbackTargets& to, Helm& helm) {
  if (to.to.empty()) {
    return before_current(helm);
  }
  TRY_ASSIGN(const LogView* const log, helm.log().refresh_with_history(kSearchedReleases));
  const LogEntry* const current = log->current_release();
  return find_release(*log, to.to, helm.log().keys(),
                      current != nullptr ? std::optional(current->position) : std::nullopt);
}

std::string sentence_of(const Reach& reach, const Descriptor& release, std::chrono::milliseconds waited) {
  std::string text =
      fmt::format("{} of {} live hosts are on release {}", reach.on.size(), reach.live, release.position.value);
  if (!reach.held_back.empty()) {
    text += fmt::format("\nheld back by themselves: {}", some_of(reach.held_back));
  }
  if (!reach.laggards.empty() && reach.overruled.empty()) {
    text += fmt::format("\nnot yet, after {}: {}", to_text(waited), some_of(reach.laggards));
  }
  return text;
}

/// Errors: temporary: not all live hosts are on it.
Result<void> verdict_of(const Reach& reach, const Descriptor& release) {
  if (!reach.overruled.empty()) {
    return fail(ErrorCode::temporary, fmt::format("somebody has said otherwise since: {}", reach.overruled),
                "`swarmout history` tells what was said");
  }
  if (!reach.laggards.empty()) {
    return fail(ErrorCode::temporary,
                fmt::format("the fleet goes back to release {}; {} of {} live hosts are not on it yet",
                            release.position.value, reach.live - reach.on.size(), reach.live),
                "`swarmout status` shows how far they are");
  }
  if (!reach.all()) {
    return fail(ErrorCode::temporary,
                fmt::format("{} of {} live hosts do not go to release {} by themselves: they are held back",
                            reach.held_back.size(), reach.live, release.position.value),
                "`swarmout activate` there lets a host go on; `swarmout resume --host` ends a hold of its own");
  }
  return {};
}

Result<void> run_rollback(const RollbackTargets& to, const std::stop_token& stop) {
  TRY(needs_share(to.steer, to.host));
  if (to.host.here) {
    return roll_back_host(to.steer, to.host, to.to, stop);
  }
  TRY_ASSIGN(const auto helm, Helm::open(to.steer, stop));
  TRY_ASSIGN(const SignedDescriptor release, target(to, *helm));
  const Descriptor& descriptor = release.descriptor;
  if (!to.force) {
    TRY(can_be_had(helm->share(), descriptor));
  }
  SteerOrder order;
  order.reason = to.steer.reason;
  TRY_ASSIGN(const Steered done, go_back(helm->pen(), helm->log(), descriptor, order, stop));
  TRY(print_result(printable_lines(done.text) + '\n'));
  if (to.steer.wait.count() == 0) {
    return {};
  }
  TRY_ASSIGN(const Reach reach, wait_for_laggards(helm->share(), system_clock(), {helm->log(), done.position},
                                                  descriptor, to.steer.wait, stop));
  TRY(print_result(printable_lines(sentence_of(reach, descriptor, to.steer.wait)) + '\n'));
  return verdict_of(reach, descriptor);
}

}  // namespace

Verb rollback_verb() {
  Verb verb{.name = "rollback",
            .about = "Go back to an older release on all hosts, and publish nothing until `resume`"};
  const auto to = std::make_shared<RollbackTargets>();
  add_steer_settings(verb, to->steer);
  add_setting(verb, to->to, Text{.word = "RELEASE", .shortest = 1},
              {.name = "to",
               .help = "A release number, revision (or its beginning), tag or branch; without it the one before the "
                       "current one",
               .scope = Scope::command_line});
  add_reason_setting(verb, to->steer.reason);
  add_wait_setting(verb, to->steer.wait);
  add_host_order_settings(verb, to->host);
  add_setting(verb, to->force, Flag{},
              {.name = "force", .help = "Do not look whether any host has it", .scope = Scope::command_line});
  verb.run = [to](const std::stop_token& stop) { return run_rollback(*to, stop); };
  return verb;
}

}  // namespace swarmout
