#include "cli/verbs.hpp"
#include "common/base/clock.hpp"
#include "common/base/duration.hpp"
#include "common/share/open_share.hpp"
#include "seeder/election/abandon_claim.hpp"

#include <fmt/format.h>

namespace swarmout {

void setup_abandon(CLI::App& app, Action& chosen) {
  auto* const verb = app.add_subcommand("abandon", "End the claim of a leader that is gone, without waiting for it");
  struct Flags {
    CommonOptions common;
    std::uint64_t position = 0;
    std::string beat = "10s";
    bool force = false;
  };
  auto flags = std::make_shared<Flags>();
  verb->add_option("POS", flags->position, "The claim's number, as `swarmout status` shows it")->required();
  add_share_option(*verb, flags->common);
  add_setting(*verb, "--heartbeat", flags->beat, "How often leaders beat: three silent beats are waited for");
  verb->add_flag("--force", flags->force, "Do not look whether its leader is alive");
  verb->callback([&chosen, flags] {
    chosen = [flags](std::stop_token stop) -> Result<void> {
      AbandonOptions options;
      options.claim = Position{flags->position};
      options.force = flags->force;
      TRY_ASSIGN(const auto beat, parse_duration(flags->beat));
      if (beat.count() < 10) {
        return fail(ErrorCode::usage, "--heartbeat must be at least 10ms", "--force does not look at the heartbeat");
      }
      options.watch = 3 * beat;
      TRY_ASSIGN(const auto share, open_share(flags->common.share, stop));
      TRY_ASSIGN(const std::string done, abandon_claim(*share, system_clock(), options, stop));
      fmt::print("{}\n", done);
      return {};
    };
  });
}

}  // namespace swarmout
