#include "cli/reporter.hpp"
#include "cli/shared_settings.hpp"
#include "cli/verbs.hpp"
#include "peer/jobs/export_job.hpp"

#include <fmt/format.h>

namespace swarmout {

Verb export_verb() {
  Verb verb{.name = "export",
            .about = "Write a release that this host has as one file, for a network that this one cannot reach"};
  const auto to = std::make_shared<ExportOptions>();
  add_setting(verb, to->release, Text{.word = "RELEASE", .shortest = 1},
              {.name = "release",
               .help = "A release number, revision, tag or branch that this host has, or `latest`: what is active",
               .scope = Scope::argument,
               .required = true});
  add_setting(verb, to->file, Text{.word = "FILE", .shortest = 1},
              {.name = "file", .help = "Where to; - for standard output", .scope = Scope::argument, .required = true});
  add_state_setting(verb, to->state);
  add_dest_setting(verb, to->dest);
  verb.run = [to](std::stop_token stop) -> Result<void> {
    Reporter reporter(Reporter::Lines::when_watched);
    const auto meter = [&](const ArchiveProgress& progress) {
      reporter.progress(fmt::format("writing {} of {}", human_bytes(static_cast<double>(progress.done)),
                                    human_bytes(static_cast<double>(progress.all))));
    };
    TRY_ASSIGN(const ExportReport report, run_export(*to, meter, stop));
    reporter.say(
        fmt::format("exported {}, {}", release_title(report.release), human_bytes(static_cast<double>(report.bytes))));
    return {};
  };
  return verb;
}

}  // namespace swarmout
