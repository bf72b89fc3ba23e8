#include "cli/host/lines.hpp"
#include "cli/output.hpp"
#include "cli/reporter.hpp"
#include "cli/shared_settings.hpp"
#include "cli/verbs.hpp"
#include "peer/jobs/gc_job.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

struct GcTargets {
  GcJobOptions options;
  bool json = false;
};

std::string table_of(const GcReport& report, bool dry_run) {
  std::string text;
  for (const Removal& each : report.collected.removed) {
    text += fmt::format("{:<6} {:<34} {:>10}  {}\n", word_for(each.kind), each.name,
                        human_bytes(static_cast<double>(each.bytes)), each.why);
  }
  for (const HeldTree& each : report.before.trees) {
    if (!each.needed.empty()) {
      text += fmt::format("{:<6} {:<34} {:>10}  stays: {}\n", "tree", each.name,
                          human_bytes(static_cast<double>(each.bytes)), each.needed);
    }
  }
  const std::size_t count = report.collected.removed.size();
  text += fmt::format("{} {}, about {}", count, dry_run ? "would be removed" : "removed",
                      human_bytes(static_cast<double>(freed_by(report.collected.removed))));
  if (!report.collected.put_off.empty()) {
    text += fmt::format("; not everything: {}", report.collected.put_off);
  }
  if (!report.collected.short_of.empty()) {
    text += fmt::format("; still short: {}", report.collected.short_of);
  }
  return text + '\n';
}

}  // namespace

Verb gc_verb() {
  Verb verb{.name = "gc", .about = "Remove old trees and packs of this host, now; says what and why"};
  const auto to = std::make_shared<GcTargets>();
  GcJobOptions& options = to->options;
  add_setting(verb, options.dry_run, Flag{},
              {.name = "dry-run", .help = "Remove nothing, and say what would be", .scope = Scope::command_line});
  add_keep_settings(verb, options.gc.keep, options.gc.min_free);
  add_setting(verb, to->json, Flag{}, {.name = "json", .help = "For programs"});
  add_dest_setting(verb, options.dest);
  add_state_setting(verb, options.state);
  verb.run = [to](std::stop_token stop) -> Result<void> {
    const auto told = [](const Removal&) {};
    TRY_ASSIGN(const GcReport report, or_summary(to->json, run_gc(to->options, told, stop)));
    TRY(to->json ? give_lines(report, to->options.dry_run, print_line)
                 : print_result(printable_lines(table_of(report, to->options.dry_run)), WhenReaderGone::end_quietly));
    if (report.collected.failed) {
      return tl::unexpected(*report.collected.failed);
    }
    if (!report.collected.short_of.empty() && !to->options.dry_run) {
      return fail(ErrorCode::cannot_write,
                  fmt::format("there is nothing more to remove: {}", report.collected.short_of),
                  "what is current, pinned or in use stays; free space by other means");
    }
    return {};
  };
  return verb;
}

}  // namespace swarmout
