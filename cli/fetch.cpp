#include "cli/reporter.hpp"
#include "cli/verbs.hpp"
#include "peer/fetch_job.hpp"

#include <fmt/format.h>

namespace swarmout {

void setup_fetch(CLI::App& app, Action& chosen) {
  auto* const verb = app.add_subcommand("fetch", "Fetch one published revision, by hand; prints its directory");
  struct Flags {
    CommonOptions common;
    std::string dest = "/srv/swarmout";
    std::string revision;
    std::string to;
  };
  auto flags = std::make_shared<Flags>();
  add_share_option(*verb, flags->common);
  add_setting(*verb, "--revision", flags->revision,
              "A published revision (or its beginning), a release number, or `latest`")
      ->required();
  add_setting(*verb, "--dest", flags->dest, "Fetch to DEST/releases/");
  add_setting(*verb, "--to", flags->to, "Fetch to this new directory instead");
  add_host_options(*verb, flags->common);
  verb->callback([&chosen, flags] {
    chosen = [flags](std::stop_token stop) -> Result<void> {
      FetchOptions options;
      options.peer.share = flags->common.share;
      options.peer.dest = flags->dest;
      options.peer.state = flags->common.state;
      options.peer.keys = flags->common.keys;
      TRY_ASSIGN(options.peer.swarm, swarm_settings(flags->common));
      options.revision = flags->revision;
      if (!flags->to.empty()) {
        options.to = flags->to;
      }
      Fetched fetched;
      {
        Reporter reporter(Reporter::Lines::always);
        TRY_ASSIGN(fetched, run_fetch(options, system_clock(), stop,
                                      [&](const FetchProgress& progress) { reporter.fetch_progress(progress); }));
        if (!fetched.summary.empty()) {
          reporter.say(fetched.summary);
        }
      }
      fmt::print("{}\n", std::filesystem::absolute(fetched.directory).native());
      return {};
    };
  });
}

}  // namespace swarmout
