#include "peer/doctor/doctor.hpp"

#include "cli/host/lines.hpp"
#include "cli/output.hpp"
#include "cli/shared_settings.hpp"
#include "cli/verbs.hpp"
#include "common/base/host.hpp"
#include "common/fleet/overview.hpp"
#include "peer/doctor/checks.hpp"
#include "peer/doctor/fleet_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace swarmout {

namespace {

struct DoctorTargets {
  DoctorOptions options{.share = {}, .dest = kDefaultDest, .state = kDefaultState, .keys = kDefaultKeys};
  SwarmSettings swarm;
  ListenWishes wishes;
  bool fleet = false;
  bool json = false;
};

Result<void> print_findings(const std::vector<Finding>& all, bool json) {
  if (json) {
    return give_lines(all, print_line);
  }
  std::string text;
  for (const Finding& each : all) {
    text += fmt::format("{:<4}  {:<14} {}\n{}", name_of(each.health), each.id, each.seen,
                        each.cure.empty() ? "" : fmt::format("{:<21}→ {}\n", "", each.cure));
  }
  text += fmt::format("{} checks: {} warn, {} fail\n", all.size(), count_of(all, Health::warn),
                      count_of(all, Health::fail));
  return print_result(printable_lines(text), WhenReaderGone::end_quietly);
}

Result<std::vector<Finding>> look_at_fleet(const DoctorOptions& options, std::stop_token stop) {
  TRY_ASSIGN(const auto share, share_of(options, std::move(stop)));
  TRY_ASSIGN(const TrustedKeys keys, TrustedKeys::load(options.keys));
  constexpr std::size_t kLookedAt = 5;
  return fleet_overview(*share, keys, kLookedAt, system_clock().wall()).map(fleet_findings);
}

/// As one check, so that a share that hangs holds up nobody: what it has found, or that it has not.
std::vector<Finding> examine_fleet(DoctorOptions options, const std::stop_token& stop) {
  const auto found = std::make_shared<std::vector<Finding>>();
  options.fleet = [found, stop, asked = options] {
    auto looked = look_at_fleet(asked, stop);
    if (!looked) {
      return broken(looked.error());
    }
    *found = *std::move(looked);
    return well("");
  };
  const DoctorCheck all[] = {{"fleet", "", [](const DoctorOptions& told) { return told.fleet(); }}};
  auto whole = examine(options, all);
  return whole.front().health == Health::ok ? *found : whole;
}

Result<void> verdict(const std::vector<Finding>& all) {
  const std::size_t failures = count_of(all, Health::fail);
  return failures == 0 ? Result<void>()
                       : fail(ErrorCode::failed, fmt::format("{} of {} checks failed", failures, all.size()));
}

}  // namespace

Verb doctor_verb() {
  Verb verb{.name = "doctor", .about = "Look what may be wrong with this host and its share, and say what to do"};
  const auto to = std::make_shared<DoctorTargets>();
  DoctorOptions& options = to->options;
  add_setting(verb, to->fleet, Flag{},
              {.name = "fleet", .help = "Look at all hosts' records instead", .scope = Scope::command_line});
  add_setting(verb, to->json, Flag{}, {.name = "json", .help = "For programs"});
  add_optional_share_settings(verb, options.share);
  add_dest_setting(verb, options.dest);
  add_host_settings(verb, {options.keys, options.state, to->swarm, to->wishes});
  add_setting(verb, options.max_age, Duration{},
              {.name = "max-age", .help = "Fail when nothing was signed for this long; 0: never"});
  verb.run = [to](std::stop_token stop) -> Result<void> {
    to->options.advertised = [wishes = to->wishes, share = to->options.share.url]() -> Result<std::string> {
      SwarmSettings swarm;
      TRY(apply_wishes({wishes.listen, false}, share, {}, swarm));
      return swarm.listen_address;
    };
    const auto all = to->fleet ? examine_fleet(to->options, stop) : examine(to->options, doctor_checks());
    TRY(print_findings(all, to->json));
    const auto done = verdict(all);
    if (std::any_of(all.begin(), all.end(), [](const Finding& each) { return each.silent; })) {
      // Their threads are somewhere in the kernel: nothing may be taken from under them, and nobody waits for them.
      if (!done) {
        say(to_string(done.error()));
      }
      std::_Exit(done ? 0 : static_cast<int>(done.error().code));
    }
    return done;
  };
  return verb;
}

}  // namespace swarmout
