#include "cli/jobs/gate_settings.hpp"

#include "cli/shared_settings.hpp"
#include "common/fleet/log_entry.hpp"
#include "common/release/manifest.hpp"

namespace swarmout {

void add_gate_settings(Verb& verb, GateOptions& options) {
  add_share_settings(verb, options.share);
  add_dest_setting(verb, options.dest);
  add_keys_setting(verb, options.keys);
  add_state_setting(verb, options.state);
  add_setting(verb, options.period, Duration{},
              {.name = "period", .help = "How often cron runs, as for seed: wait for the release of this slot"});
  add_setting(verb, options.slot, Text{.word = "NAME", .shortest = 1, .longest = kMaxSlot, .one_line = true},
              {.name = "slot", .help = "Name of this cron run, as for seed: wait for its release"});
  add_setting(verb, options.revision,
              Text{.word = "REVISION", .shortest = 1, .longest = kMaxRevision, .one_line = true},
              {.name = "revision",
               .help = "Wait for this one: a revision (or its beginning), a release number, or `latest`",
               .scope = Scope::command_line});
  add_setting(verb, options.quorum, Fraction{},
              {.name = "quorum",
               .help = "And until this part of the live hosts is active on it, too",
               .scope = Scope::command_line});
  add_setting(verb, options.wait, Duration{},
              {.name = "wait",
               .help = "How long; without it 1h, or less than --period; with --if-late old or skip no time at all",
               .scope = Scope::command_line});
}

}  // namespace swarmout
