#include "cli/reporter.hpp"
#include "cli/shared_settings.hpp"
#include "cli/verbs.hpp"
#include "common/base/clock.hpp"
#include "peer/peer_service.hpp"

namespace swarmout {

namespace {

struct PeerTargets {
  PeerOptions options;
  ListenWishes wishes;
};

}  // namespace

Verb peer_verb() {
  Verb verb{.name = "peer", .about = "The service: follow the share, fetch, switch `current`, pass on to others"};
  const auto to = std::make_shared<PeerTargets>();
  PeerOptions& options = to->options;
  add_share_settings(verb, options.share);
  add_dest_setting(verb, options.dest);
  add_setting(verb, options.keep, Count{1, 100}, {.name = "keep", .help = "Releases to keep, trees as well as packs"});
  add_setting(verb, options.once, Flag{}, {.name = "once", .help = "End when the newest release is active"});
  add_host_settings(verb, {options.keys, options.state, options.swarm, to->wishes});
  add_setting(verb, options.poll, Duration{},
              {.name = "poll",
               .group = Group::swarm,
               .help = "How often to look at the share; more often while a leader is at work"});
  add_setting(
      verb, options.max_age, Duration{},
      {.name = "max-age", .help = "Say so, here and in the record, when nothing was signed for this long; 0: never"});
  verb.run = [to](std::stop_token stop) -> Result<void> {
    PeerOptions& told = to->options;
    TRY(apply_wishes(to->wishes, told.share.url, told.keys, told.swarm));
    Reporter reporter(told.once ? Reporter::Lines::when_watched : Reporter::Lines::always);
    return run_peer(
        told, system_clock(), stop, [&](const std::string& line) { reporter.say(line); },
        [&](const FetchProgress& progress) { reporter.fetch_progress(progress); });
  };
  return verb;
}

}  // namespace swarmout
