#include "cli/host/lines.hpp"
#include "cli/output.hpp"
#include "cli/reporter.hpp"
#include "cli/shared_settings.hpp"
#include "cli/verbs.hpp"
#include "common/base/clock.hpp"
#include "common/base/key_values.hpp"
#include "common/release/manifest_diff.hpp"
#include "peer/jobs/diff_job.hpp"

#include <fmt/format.h>

#include <map>

namespace swarmout {

namespace {

struct DiffTargets {
  DiffOptions options;
  ListenWishes wishes;
  bool stat = false;
  bool json = false;
};

std::string counted(const std::vector<ChangedPath>& changes) {
  std::map<PathChange, std::size_t> counts;
  for (const ChangedPath& each : changes) {
    ++counts[each.change];
  }
  std::string text;
  for (const auto& [change, count] : counts) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, name_of(change));
  }
  return text.empty() ? "nothing has changed" : text;
}

std::string summary_line(const TwoReleases& both, const std::vector<ChangedPath>& changes) {
  const auto size = [](const Manifest& of) { return human_bytes(static_cast<double>(of.tree_size())); };
  return fmt::format("{} → {}: {}; {} → {}, {} of packs are new\n", both.before.shown, both.after.shown,
                     counted(changes), size(both.before.manifest), size(both.after.manifest),
                     human_bytes(static_cast<double>(new_pack_bytes(both.before.manifest, both.after.manifest))));
}

Result<void> print_table(const TwoReleases& both, const std::vector<ChangedPath>& changes, bool stat) {
  std::string text;
  for (const ChangedPath& each : changes) {
    if (!stat) {
      text += fmt::format("{:<11} {}\n", name_of(each.change), printable(each.path()));
    }
  }
  return print_result(text + printable_lines(summary_line(both, changes)), WhenReaderGone::end_quietly);
}

}  // namespace

Verb diff_verb() {
  Verb verb{.name = "diff", .about = "What has changed between two releases, by their manifests"};
  const auto to = std::make_shared<DiffTargets>();
  DiffOptions& options = to->options;
  add_setting(verb, options.before, Text{.word = "A", .shortest = 1},
              {.name = "before",
               .help = "A release number, revision, tag or branch",
               .scope = Scope::argument,
               .required = true});
  add_setting(verb, options.after, Text{.word = "B", .shortest = 1},
              {.name = "after", .help = "Another one", .scope = Scope::argument, .required = true});
  add_setting(verb, to->stat, Flag{}, {.name = "stat", .help = "Numbers only", .scope = Scope::command_line});
  add_setting(verb, to->json, Flag{}, {.name = "json", .help = "For programs"});
  add_optional_share_settings(verb, options.peer.share);
  add_dest_setting(verb, options.peer.dest);
  add_host_settings(verb, {options.peer.keys, options.peer.state, options.peer.swarm, to->wishes});
  verb.run = [to](std::stop_token stop) -> Result<void> {
    PeerOptions& peer = to->options.peer;
    TRY(or_summary(to->json, apply_wishes(to->wishes, peer.share.url, peer.keys, peer.swarm)));
    TwoReleases both;
    {
      Reporter reporter(Reporter::Lines::when_watched);
      const auto progress = [&](const SwarmStatus& status) {
        reporter.progress(fmt::format("fetching a manifest: {} of {}", status.have, status.wanted));
      };
      TRY_ASSIGN(both, or_summary(to->json, run_diff(to->options, system_clock(), stop, progress)));
    }
    const auto changes = changed_between(both.before.manifest, both.after.manifest);
    return to->json ? give_lines(both, changes, to->stat, print_line) : print_table(both, changes, to->stat);
  };
  return verb;
}

}  // namespace swarmout
