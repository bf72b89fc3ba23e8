#include "cli/reporter.hpp"
#include "cli/service/service_manager.hpp"
#include "cli/shared_settings.hpp"
#include "cli/verbs.hpp"
#include "common/base/clock.hpp"
#include "common/release/signing.hpp"
#include "common/share/open_share.hpp"
#include "peer/peer_service.hpp"

#include <algorithm>

namespace swarmout {

namespace {

struct ActivateWhen {
  [[nodiscard]] std::string words() const { return "now|hold|HH:MM-HH:MM"; }
  [[nodiscard]] std::string allowed() const { return "now, hold, or two times of a day (22:00-04:30)"; }
  [[nodiscard]] bool read(std::string_view text, Activation::When& value) const {
    const auto when = parse_when(text);
    value = when.value_or(value);
    return when.has_value();
  }
  [[nodiscard]] std::string written(const Activation::When& value) const { return to_text(value); }
};

void add_activation_settings(Verb& verb, PeerOptions& options) {
  add_setting(
      verb, options.activate, ActivateWhen{},
      {.name = "activate",
       .help = "When this host goes to a new release: at once, when somebody says `swarmout activate`, or within "
               "these hours, local time"});
  add_setting(
      verb, options.exec_before, Text{.word = "COMMAND"},
      {.name = "exec-before-activate", .help = "Run before a release becomes active; if it fails, it does not"});
  add_setting(verb, options.exec_after, Text{.word = "COMMAND"},
              {.name = "exec-after-activate", .help = "Run after a release has become active"});
  add_setting(verb, options.hook_timeout, Duration{.least = std::chrono::seconds(1)},
              {.name = "hook-timeout", .help = "How long each of these may take; then it is ended, and has failed"});
  add_setting(verb, options.link, Place{"LINK"},
              {.name = "link", .help = "A further link to what is active: a path, or a name beside `current`"});
  add_setting(verb, options.touch, Place{"FILE"},
              {.name = "touch", .help = "Gets the time of each activation, for programs that watch it"});
}

/// A share that does not answer keeps a reload, and requests to end, as long as this.
constexpr std::chrono::milliseconds kRehearsal{10000};

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
  add_keep_settings(verb, options.gc.keep, options.gc.min_free);
  add_setting(verb, options.once, Flag{}, {.name = "once", .help = "End when the newest release is active"});
  add_activation_settings(verb, options);
  add_host_settings(verb, {options.keys, options.state, options.swarm, to->wishes});
  add_setting(verb, options.poll, Duration{},
              {.name = "poll",
               .group = Group::swarm,
               .help = "How often to look at the share; more often while a leader is at work"});
  add_setting(
      verb, options.max_age, Duration{},
      {.name = "max-age", .help = "Say so, here and in the record, when nothing was signed for this long; 0: never"});
  verb.reloads = true;
  verb.rehearse = [to]() -> Result<void> {
    const PeerOptions& told = to->options;
    ShareAddress address = told.share;
    address.timeout = std::min(address.timeout, kRehearsal);
    SwarmSettings swarm = told.swarm;
    TRY(apply_wishes(to->wishes, told.share.url, told.keys, swarm));
    TRY(TrustedKeys::load(told.keys));
    TRY(open_share(address, {}));
    return {};
  };
  verb.run = [to](std::stop_token stop) -> Result<void> {
    PeerOptions& told = to->options;
    told.version = SWARMOUT_VERSION;
    told.turned = service_turned;
    told.look_now = look_was_asked_for;
    TRY(apply_wishes(to->wishes, told.share.url, told.keys, told.swarm));
    Reporter reporter(told.once ? Reporter::Lines::when_watched : Reporter::Lines::always);
    return run_peer(
        told, system_clock(), stop, [&](const std::string& line) { reporter.say(line); },
        [&](const FetchProgress& progress) { reporter.fetch_progress(progress); });
  };
  return verb;
}

}  // namespace swarmout
