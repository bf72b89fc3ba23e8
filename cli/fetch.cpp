#include "cli/output.hpp"
#include "cli/reporter.hpp"
#include "cli/shared_settings.hpp"
#include "cli/verbs.hpp"
#include "peer/fetch_job.hpp"

namespace swarmout {

namespace {

struct FetchTargets {
  FetchOptions options;
  ListenWishes wishes;
};

}  // namespace

Verb fetch_verb() {
  Verb verb{.name = "fetch", .about = "Fetch one published revision, by hand; prints its directory"};
  const auto to = std::make_shared<FetchTargets>();
  FetchOptions& options = to->options;
  add_share_settings(verb, options.peer.share);
  add_setting(verb, options.revision, Text{.word = "REVISION", .shortest = 1},
              {.name = "revision",
               .help = "A published revision (or its beginning), a release number, or `latest`",
               .required = true});
  add_dest_setting(verb, options.peer.dest);
  add_setting(verb, options.to, Place{},
              {.name = "to", .help = "Fetch to this new directory instead of DEST/releases/"});
  add_host_settings(verb, {options.peer.keys, options.peer.state, options.peer.swarm, to->wishes});
  verb.run = [to](std::stop_token stop) -> Result<void> {
    PeerOptions& peer = to->options.peer;
    TRY(apply_wishes(to->wishes, peer.share.url, peer.keys, peer.swarm));
    Fetched fetched;
    {
      Reporter reporter(Reporter::Lines::always);
      TRY_ASSIGN(fetched, run_fetch(to->options, system_clock(), stop,
                                    [&](const FetchProgress& progress) { reporter.fetch_progress(progress); }));
      if (!fetched.summary.empty()) {
        reporter.say(fetched.summary);
      }
    }
    // As it is: it was given here, and whoever reads this wants to open it.
    return print_result(std::filesystem::absolute(fetched.directory).native() + '\n');
  };
  return verb;
}

}  // namespace swarmout
