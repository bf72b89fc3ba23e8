#include "cli/output.hpp"
#include "cli/reporter.hpp"
#include "cli/shared_settings.hpp"
#include "cli/verbs.hpp"
#include "peer/jobs/import_job.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

/// What it is, and what to do with it: nobody else learns of it until it is published here.
std::string import_summary(const Imported& imported) {
  const Descriptor& release = imported.release.descriptor;
  return fmt::format(
      "imported {}, revision {}, made {} of {}, signed by key {}; {} of {} packs were here, {} are "
      "new\n`swarmout seed --source imported --revision {}` on this host publishes it\n",
      release_title(release), release.revision, release.created, release.source, imported.key, imported.here_already,
      imported.packs, human_bytes(static_cast<double>(imported.new_bytes)), release.revision);
}

}  // namespace

Verb import_verb() {
  Verb verb{.name = "import",
            .about = "Take a release that was exported on another network into the store of this host"};
  const auto to = std::make_shared<ImportOptions>();
  add_setting(verb, to->file, Text{.word = "FILE", .shortest = 1},
              {.name = "file",
               .help = "What `export` has written; - for standard input",
               .scope = Scope::argument,
               .required = true});
  add_keys_setting(verb, to->keys);
  add_state_setting(verb, to->state);
  verb.run = [to](std::stop_token stop) -> Result<void> {
    Imported imported;
    {
      Reporter reporter(Reporter::Lines::when_watched);
      const auto meter = [&](const ArchiveProgress& progress) {
        reporter.progress(fmt::format("reading {} of {}", human_bytes(static_cast<double>(progress.done)),
                                      human_bytes(static_cast<double>(progress.all))));
      };
      TRY_ASSIGN(imported, run_import(*to, meter, stop));
    }
    return print_result(printable_lines(import_summary(imported)), WhenReaderGone::end_quietly);
  };
  return verb;
}

}  // namespace swarmout
