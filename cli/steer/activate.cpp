#include "cli/output.hpp"
#include "cli/verbs.hpp"
#include "common/base/clock.hpp"
#include "common/base/host.hpp"
#include "peer/hooks_record.hpp"
#include "peer/orders.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

struct ActivateTargets {
  Path state = kDefaultState;
  GoOnce order;
};

}  // namespace

Verb activate_verb() {
  Verb verb{.name = "activate", .about = "Let this host go on to the release that waits, once"};
  const auto to = std::make_shared<ActivateTargets>();
  add_setting(verb, to->order.release, Text{.word = "RELEASE", .shortest = 1, .one_line = true},
              {.name = "release",
               .help = "Only this one: a release number, revision (or its beginning), tag or branch",
               .scope = Scope::argument});
  verb.settings.back().words = "RELEASE";
  add_setting(verb, to->order.again, Flag{},
              {.name = "again", .help = "Also if its hook refused it: ask that again", .scope = Scope::command_line});
  add_setting(verb, to->state, Place{}, {.name = "state", .help = "The state directory of this host's service"});
  verb.run = [to](const std::stop_token&) -> Result<void> {
    to->order.by = this_person();
    to->order.time = utc(system_clock().wall());
    TRY(order_to_go(to->state, to->order));
    const bool any = to->order.release.empty();
    const auto hooks = load_hooks_record(to->state);
    const bool refused = hooks && hooks->refused && !to->order.again;
    return print_result(fmt::format(
        "this host goes on to {}, once it is here; if {}, nothing is done\n{}",
        any ? "the release that waits" : "release " + printable_lines(to->order.release),
        any ? "none waits" : "that is not the one that waits",
        refused ? "one was refused by this host's hook: `swarmout activate --again` asks it once more\n" : ""));
  };
  return verb;
}

}  // namespace swarmout
