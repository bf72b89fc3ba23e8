#include "cli/output.hpp"
#include "cli/shared_settings.hpp"
#include "cli/verbs.hpp"
#include "common/base/clock.hpp"
#include "common/base/host.hpp"
#include "common/release/signing_source.hpp"
#include "common/share/open_share.hpp"
#include "seeder/election/abandon_claim.hpp"
#include "seeder/election/contender.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

constexpr int kSilentBeats = 3;

struct AbandonTargets {
  ShareAddress share;
  Path keys = kDefaultKeys;
  std::string sign_command;
  AbandonOptions options;
  std::chrono::milliseconds beat = ElectionSettings{}.beat;
};

}  // namespace

Verb abandon_verb() {
  Verb verb{.name = "abandon", .about = "End the claim of a leader that is gone, without waiting for it"};
  const auto to = std::make_shared<AbandonTargets>();
  add_setting(verb, to->options.claim.value, Count{1, std::numeric_limits<std::uint32_t>::max()},
              {.name = "position",
               .help = "The claim's number, as `swarmout status` shows it",
               .scope = Scope::argument,
               .required = true});
  verb.settings.back().words = "POS";
  verb.settings.back().default_text.clear();
  add_share_settings(verb, to->share);
  add_keys_setting(verb, to->keys);
  add_sign_setting(verb, to->sign_command);
  add_setting(verb, to->options.force, Flag{},
              {.name = "force", .help = "Do not look whether its leader is alive", .scope = Scope::command_line});
  add_setting(verb, to->beat, Duration{.least = kLeastBeat},
              {.name = "heartbeat",
               .group = Group::election,
               .help = "How often a leader shows that it is alive; three silent beats are waited for"});
  verb.run = [to](std::stop_token stop) -> Result<void> {
    to->options.watch = kSilentBeats * to->beat;
    // What is not signed does not count.
    TRY_ASSIGN(const LeaderKeys keys, load_leader_keys({to->keys, to->sign_command}));
    TRY_ASSIGN(const auto share, open_share(to->share, stop));
    const Pen pen{*share, system_clock(), {*keys.signer, keys.trusted}};
    TRY_ASSIGN(const std::string done, abandon_claim(pen, to->options, stop));
    return print_result(printable_lines(done) + '\n');
  };
  return verb;
}

}  // namespace swarmout
