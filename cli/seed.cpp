#include "cli/journal.hpp"
#include "cli/output.hpp"
#include "cli/reporter.hpp"
#include "cli/share_trouble.hpp"
#include "cli/shared_settings.hpp"
#include "cli/verbs.hpp"
#include "common/fleet/log_entry.hpp"
#include "common/release/manifest.hpp"
#include "seeder/seed_job.hpp"

namespace swarmout {

namespace {

constexpr std::uint64_t kMaxDeputies = 10;
constexpr std::uint64_t kMaxAttempts = 1000;
constexpr std::uint64_t kMaxCopies = 100000;
constexpr std::uint64_t kMaxLevel = 19;  // zstd's beyond this need more memory to unpack than clones may have

/// Something that begins as a source does; open_source() knows the rest.
struct SourceSpec : Text {
  SourceSpec() : Text{.word = "SOURCE", .shortest = 1} {}
  [[nodiscard]] bool read(std::string_view text, std::string& value) const {
    return may_be_source(text) && Text::read(text, value);
  }
  [[nodiscard]] std::string allowed() const {
    return "a source: git+URL[#ref], svn+URL[#revision], hg+URL[#revision], dir:PATH, tar:COMMAND or imported";
  }
};

struct SeedTargets {
  SeedOptions options;
  ListenWishes wishes;
};

void add_usual_settings(Verb& verb, SeedOptions& options) {
  add_setting(verb, options.source, SourceSpec{},
              {.name = "source",
               .help = "git+URL[#ref], svn+URL[#revision], hg+URL[#revision], dir:PATH, tar:COMMAND or imported",
               .required = true});
  add_setting(verb, options.revision,
              Text{.word = "REVISION", .shortest = 1, .longest = kMaxRevision, .one_line = true},
              {.name = "revision", .help = "Branch, tag or commit; without it the source's own"});
  add_setting(verb, options.period, Duration{},
              {.name = "period", .help = "How often cron runs: slots are made from the share's clock"});
  add_setting(verb, options.election.slot, Text{.word = "NAME", .shortest = 1, .longest = kMaxSlot, .one_line = true},
              {.name = "slot", .help = "Name of this cron run; published at most once"});
  add_setting(verb, options.election.wait, Flag{},
              {.name = "wait", .help = "Stay until the slot is published; take over if its leader dies"});
  // Of one run, by who has looked: in a file they would be for ever.
  add_setting(verb, options.allow_empty, Flag{},
              {.name = "allow-empty", .help = "Publish a source without files", .scope = Scope::command_line});
  add_setting(verb, options.allow_shrink, Flag{},
              {.name = "allow-shrink",
               .help = "Publish one that has lost more than half of its files",
               .scope = Scope::command_line});
  add_setting(
      verb, options.source_options.lfs_pointers, Flag{},
      {.name = "allow-lfs-pointers", .help = "Publish Git LFS pointers and hg largefiles pointers as they are"});
  add_setting(
      verb, options.source_options.empty_submodules, Flag{},
      {.name = "allow-empty-submodules",
       .help = "Publish git submodules as empty directories, and leave out svn:externals and hg subrepositories"});
  add_setting(verb, options.source_options.git_trust.what,
              Choice<GitSigned>{{{"no", GitSigned::nothing}, {"commit", GitSigned::commit}, {"tag", GitSigned::tag}}},
              {.name = "verify-git", .help = "Of git, publish only what a key of --git-keyring has signed"});
  add_setting(verb, options.source_options.git_trust.keyring, Place{.word = "FILE"},
              {.name = "git-keyring", .help = "OpenPGP keys that may sign, as `gpg --export` writes them"});
  add_setting(verb, options.catch_up, Flag{},
              {.name = "catch-up", .help = "With a period: after publishing late, run the slot that has begun since"});
}

void add_election_settings(Verb& verb, SeedOptions& options) {
  const auto add = [&](std::chrono::milliseconds& value, const char* name, const char* help,
                       std::chrono::milliseconds least = std::chrono::milliseconds(0)) {
    add_setting(verb, value, Duration{.least = least}, {.name = name, .group = Group::election, .help = help});
  };
  add(options.election.hold_off, "hold-off", "Without a slot: nothing to do this soon after a publication");
  add(options.election.splay, "splay", "Random wait at the start, at most this");
  add(options.election.beat, "heartbeat", "How often a leader shows that it is alive", kLeastBeat);
  add(options.election.takeover_jitter, "takeover-jitter", "Random wait before taking over from a silent leader");
  add(options.heartbeat.stall_timeout, "stall-timeout", "Without progress this long, a leader gives up");
  add(options.max_runtime, "max-runtime", "A run that is not done after this gives up");
  add(options.election.retry_wait, "retry-wait", "Wait before a slot's third attempt; doubled for each later one");
  add_setting(verb, options.election.max_attempts, Count{1, kMaxAttempts},
              {.name = "max-attempts",
               .group = Group::election,
               .help = "Hosts that may fail at one slot before it is given up"});
  add_setting(verb, options.election.deputies, Count{0, kMaxDeputies},
              {.name = "deputies",
               .group = Group::election,
               .help = "Losers that stay and watch, to take over when the leader dies"});
}

void add_publishing_settings(Verb& verb, SeedOptions& options) {
  constexpr Group kGroup = Group::publishing;
  add_setting(verb, options.quorum, Fraction{},
              {.name = "quorum", .group = kGroup, .help = "Publish when this part of the live peers has everything"});
  add_setting(
      verb, options.stage_timeout, Duration{},
      {.name = "stage-timeout", .group = kGroup, .help = "After this, --min-copies peers are enough to publish"});
  add_setting(verb, options.min_copies, Count{0, kMaxCopies},
              {.name = "min-copies", .group = kGroup, .help = "Peers that must have it after the stage timeout"});
  add_setting(verb, options.linger, Duration{},
              {.name = "linger", .group = kGroup, .help = "Seed until every live peer has it, at most this long"});
  add_setting(verb, options.level, Count{1, kMaxLevel}, {.name = "level", .group = kGroup, .help = "zstd level"});
}

void add_swarm_settings(Verb& verb, SeedTargets& to) {
  SeedOptions& options = to.options;
  add_sign_setting(verb, options.sign_command);
  add_host_settings(verb, {options.keys, options.state, options.swarm, to.wishes});
  add_setting(verb, options.tracker_port, Port{},
              {.name = "tracker-port",
               .group = Group::swarm,
               .help = "TCP port of the tracker, at the address of --listen; 0: any"});
  add_setting(verb, options.clone_limits.upload, Rate{},
              {.name = "clone-upload-limit",
               .group = Group::limits,
               .help = "Of each clone, bytes a second, for this release; signed with it; 0: no limit"});
  add_setting(verb, options.clone_limits.download, Rate{},
              {.name = "clone-download-limit", .group = Group::limits, .help = "Likewise, for what clones receive"});
}

Result<void> seed_once(SeedTargets& to, std::stop_token stop) {
  SeedOptions& options = to.options;
  options.heartbeat.interval = options.election.beat;
  TRY(apply_wishes(to.wishes, options.share.url, options.keys, options.swarm));
  Reporter reporter(Reporter::Lines::when_watched);
  auto report = run_seed(
      options, system_clock(), stop, [&](const std::string& line) { reporter.say(line); },
      [&](const std::string& line) { reporter.progress(line); },
      [](const Error& error) {
        journal(error);
        end_process(error);
      });
  ShareTrouble trouble(options.state);
  if (!report) {
    journal(report.error());
    if (!trouble.worth_saying(report.error(), system_clock().wall()) && !reporter.watched()) {
      report.error().said = true;  // earlier, and the journal has it
    }
    return tl::unexpected(std::move(report).error());
  }
  journal(report->message);
  if (const auto over = trouble.over(system_clock().wall())) {
    say(*over);
  }
  reporter.say(report->message);
  return {};
}

}  // namespace

Verb seed_verb() {
  Verb verb{.name = "seed", .about = "The cron line: one host exports, publishes and seeds; the others leave quietly"};
  const auto to = std::make_shared<SeedTargets>();
  add_share_settings(verb, to->options.share);
  add_usual_settings(verb, to->options);
  add_election_settings(verb, to->options);
  add_publishing_settings(verb, to->options);
  add_swarm_settings(verb, *to);
  verb.run = [to](std::stop_token stop) { return seed_once(*to, stop); };
  return verb;
}

}  // namespace swarmout
