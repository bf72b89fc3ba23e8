#include "cli/host/json_lines.hpp"
#include "cli/output.hpp"
#include "cli/reporter.hpp"
#include "cli/shared_settings.hpp"
#include "cli/verbs.hpp"
#include "peer/jobs/gc_job.hpp"

#include <fmt/format.h>

#include <numeric>

namespace swarmout {

namespace {

struct GcTargets {
  GcJobOptions options;
  bool json = false;
};

const char* word_for(Removal::Kind kind) {
  return kind == Removal::Kind::tree ? "tree" : "packs";
}

Bytes freed_by(const std::vector<Removal>& removals) {
  return std::accumulate(removals.begin(), removals.end(), Bytes{0},
                         [](Bytes sum, const Removal& each) { return sum + each.bytes; });
}

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

Result<void> print_lines(const GcReport& report, bool dry_run) {
  for (const Removal& each : report.collected.removed) {
    TRY(print_line(JsonLine("removal")
                       .add("kind", word_for(each.kind))
                       .add("name", each.name)
                       .add("why", each.why)
                       .add("bytes", each.bytes)));
  }
  for (const HeldTree& each : report.before.trees) {
    if (!each.needed.empty()) {
      TRY(print_line(JsonLine("needed").add("kind", "tree").add("name", each.name).add("why", each.needed)));
    }
  }
  return print_line(JsonLine("summary")
                        .add("dry_run", dry_run)
                        .add("removals", report.collected.removed.size())
                        .add("bytes", freed_by(report.collected.removed))
                        .add("put_off", report.collected.put_off)
                        .add("short_of", report.collected.short_of));
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
    TRY_ASSIGN(const GcReport report, run_gc(
                                          to->options, [](const Removal&) {}, stop));
    TRY(to->json ? print_lines(report, to->options.dry_run)
                 : print_result(printable_lines(table_of(report, to->options.dry_run)), WhenReaderGone::end_quietly));
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
