#include "cli/reporter.hpp"
#include "cli/verbs.hpp"
#include "common/base/duration.hpp"
#include "peer/peer_service.hpp"

#include <fmt/format.h>

namespace swarmout {

void setup_peer(CLI::App& app, Action& chosen) {
  auto* const verb =
      app.add_subcommand("peer", "The service: follow the share, fetch, switch `current`, pass on to others");
  struct Flags {
    CommonOptions common;
    std::string dest = "/srv/swarmout";
    std::string poll = "2s";
    std::size_t keep = 3;
    bool once = false;
  };
  auto flags = std::make_shared<Flags>();
  add_share_option(*verb, flags->common);
  add_setting(*verb, "--dest", flags->dest, "Where the trees and the link `current` are");
  add_setting(*verb, "--poll", flags->poll, "How often to look at the share; more often while a leader is at work");
  verb->add_option("--keep", flags->keep, "Releases to keep")
      ->envname("SWARMOUT_KEEP")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  verb->add_flag("--once", flags->once, "End when the newest release is active");
  add_host_options(*verb, flags->common);
  verb->callback([&chosen, flags] {
    chosen = [flags](std::stop_token stop) -> Result<void> {
      PeerOptions options;
      options.share = flags->common.share;
      options.dest = flags->dest;
      options.state = flags->common.state;
      options.keys = flags->common.keys;
      options.once = flags->once;
      options.keep = flags->keep;
      TRY_ASSIGN(options.poll, parse_duration(flags->poll));
      TRY_ASSIGN(options.swarm, swarm_settings(flags->common));
      Reporter reporter(flags->once ? Reporter::Lines::when_watched : Reporter::Lines::always);
      return run_peer(
          options, system_clock(), stop, [&](const std::string& line) { reporter.say(line); },
          [&](const FetchProgress& progress) { reporter.fetch_progress(progress); });
    };
  });
}

}  // namespace swarmout
