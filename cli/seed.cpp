#include "cli/journal.hpp"
#include "cli/reporter.hpp"
#include "cli/share_trouble.hpp"
#include "cli/verbs.hpp"
#include "common/base/duration.hpp"
#include "common/base/key_values.hpp"
#include "common/release/manifest.hpp"
#include "seeder/seed_job.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace swarmout {

namespace {

constexpr std::size_t kMaxSlot = 200;

struct SeedFlags {
  CommonOptions common;
  std::string source;
  std::string revision;
  std::string slot;
  std::string period = "0";
  std::string hold_off = "10m";
  std::string splay = "2s";
  std::string beat = "10s";
  std::string stall_timeout = "15m";
  std::string stage_timeout = "10m";
  std::string max_runtime = "6h";
  std::string linger = "10m";
  std::string takeover_jitter = "20s";
  std::string retry_wait = "10s";
  unsigned deputies = 2;
  double quorum = 0.5;
  unsigned min_copies = 1;
  unsigned max_attempts = 3;
  int level = kDefaultZstdLevel;
  std::uint16_t tracker_port = 0;
  std::string clone_upload_limit = "0";
  std::string clone_download_limit = "0";
  bool wait = false;
  bool catch_up = false;
  SourceOptions source_options;
  bool allow_empty = false;
  bool allow_shrink = false;
};

Result<SeedOptions> options_from(const SeedFlags& flags) {
  SeedOptions options;
  options.share = flags.common.share;
  options.source = flags.source;
  options.revision = flags.revision;
  options.source_options = flags.source_options;
  options.state = flags.common.state;
  options.keys = flags.common.keys;
  options.election.slot = flags.slot;
  TRY_ASSIGN(const auto period, parse_duration(flags.period));
  options.period = std::chrono::duration_cast<std::chrono::seconds>(period);
  TRY_ASSIGN(options.election.hold_off, parse_duration(flags.hold_off));
  TRY_ASSIGN(options.election.splay, parse_duration(flags.splay));
  TRY_ASSIGN(options.election.beat, parse_duration(flags.beat));
  TRY_ASSIGN(options.election.takeover_jitter, parse_duration(flags.takeover_jitter));
  if (flags.slot.size() > kMaxSlot || flags.revision.size() > kMaxRevision) {
    return fail(ErrorCode::usage, "--slot or --revision is too long");
  }
  if (printable(flags.slot) != flags.slot || printable(flags.revision) != flags.revision) {
    return fail(ErrorCode::usage, "--slot and --revision must not have control characters");
  }
  if (period.count() != 0 && period < std::chrono::seconds(1)) {
    return fail(ErrorCode::usage, "--period must be at least 1s");
  }
  if (options.election.beat.count() < 10) {
    return fail(ErrorCode::usage, "--heartbeat must be at least 10ms");
  }
  TRY_ASSIGN(options.election.retry_wait, parse_duration(flags.retry_wait));
  options.election.deputies = flags.deputies;
  options.catch_up = flags.catch_up;
  options.election.max_attempts = flags.max_attempts;
  options.election.wait = flags.wait;
  options.heartbeat.interval = options.election.beat;
  TRY_ASSIGN(options.heartbeat.stall_timeout, parse_duration(flags.stall_timeout));
  TRY_ASSIGN(options.stage_timeout, parse_duration(flags.stage_timeout));
  TRY_ASSIGN(options.max_runtime, parse_duration(flags.max_runtime));
  TRY_ASSIGN(options.linger, parse_duration(flags.linger));
  options.allow_empty = flags.allow_empty;
  options.allow_shrink = flags.allow_shrink;
  options.quorum = flags.quorum;
  options.min_copies = flags.min_copies;
  options.level = flags.level;
  options.tracker_port = flags.tracker_port;
  TRY_ASSIGN(options.swarm, swarm_settings(flags.common));
  TRY_ASSIGN(options.clone_limits, rate_limits(flags.clone_upload_limit, flags.clone_download_limit));
  return options;
}

}  // namespace

void setup_seed(CLI::App& app, Action& chosen) {
  auto* const verb =
      app.add_subcommand("seed", "The cron line: one host exports, publishes and seeds; the others leave quietly");
  auto flags = std::make_shared<SeedFlags>();
  add_share_option(*verb, flags->common);
  add_setting(*verb, "--source", flags->source, "git+URL[#ref], dir:PATH or tar:COMMAND")->required();
  add_setting(*verb, "--revision", flags->revision, "Branch, tag or commit (default: the source's own)");
  add_setting(*verb, "--slot", flags->slot, "Name of this cron run; published at most once");
  add_setting(*verb, "--period", flags->period, "How often cron runs: slots are made from the share's clock");
  add_setting(*verb, "--hold-off", flags->hold_off, "Without a slot: nothing to do this soon after a publication");
  add_setting(*verb, "--splay", flags->splay, "Random wait at the start, at most this");
  add_setting(*verb, "--heartbeat", flags->beat, "How often a leader shows that it is alive");
  add_setting(*verb, "--takeover-jitter", flags->takeover_jitter,
              "Random wait before taking over from a silent leader");
  add_setting(*verb, "--retry-wait", flags->retry_wait,
              "Wait before a slot's third attempt; doubled for each later one");
  verb->add_option("--deputies", flags->deputies, "Losers that stay and watch, to take over when the leader dies")
      ->envname("SWARMOUT_DEPUTIES")
      ->check(CLI::Range(0, 10))
      ->capture_default_str();
  add_setting(*verb, "--stall-timeout", flags->stall_timeout, "Without progress this long, the leader counts as dead");
  add_setting(*verb, "--stage-timeout", flags->stage_timeout, "After this, --min-copies peers are enough to publish");
  add_setting(*verb, "--max-runtime", flags->max_runtime, "Give up if too few peers have it after this");
  add_setting(*verb, "--linger", flags->linger, "Seed until every live peer has it, at most this long");
  verb->add_option("--quorum", flags->quorum, "Publish when this part of the live peers has everything")
      ->envname("SWARMOUT_QUORUM")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  verb->add_option("--min-copies", flags->min_copies, "Peers that must have it after the stage timeout")
      ->envname("SWARMOUT_MIN_COPIES")
      ->capture_default_str();
  verb->add_option("--max-attempts", flags->max_attempts, "Hosts that may fail at one slot before it is given up")
      ->envname("SWARMOUT_MAX_ATTEMPTS")
      ->capture_default_str();
  verb->add_option("--level", flags->level, "zstd level")
      ->envname("SWARMOUT_LEVEL")
      ->check(CLI::Range(1, 19))
      ->capture_default_str();
  verb->add_option("--tracker-port", flags->tracker_port, "TCP port of the tracker, at --listen's address; 0: any")
      ->envname("SWARMOUT_TRACKER_PORT")
      ->capture_default_str();
  add_setting(*verb, "--clone-upload-limit", flags->clone_upload_limit,
              "Of each clone, bytes a second, for this release; signed with it; 0: none");
  add_setting(*verb, "--clone-download-limit", flags->clone_download_limit, "Likewise");
  verb->add_flag("--wait", flags->wait, "Stay until the slot is published; take over if its leader dies");
  verb->add_flag("--catch-up", flags->catch_up,
                 "With --period: after publishing late, run the slot that has begun since");
  verb->add_flag("--allow-lfs-pointers", flags->source_options.lfs_pointers, "Publish Git LFS pointers as they are");
  verb->add_flag("--allow-empty-submodules", flags->source_options.empty_submodules,
                 "Publish git submodules as empty directories");
  verb->add_flag("--allow-empty", flags->allow_empty, "Publish a source without files");
  verb->add_flag("--allow-shrink", flags->allow_shrink, "Publish one that has lost more than half of its files");
  add_host_options(*verb, flags->common);
  verb->callback([&chosen, flags] {
    chosen = [flags](std::stop_token stop) -> Result<void> {
      TRY_ASSIGN(const SeedOptions options, options_from(*flags));
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
          report.error().message.clear();  // the journal has it
        }
        return tl::unexpected(std::move(report).error());
      }
      journal(report->message);
      if (const auto over = trouble.over(system_clock().wall())) {
        fmt::print(stderr, "swarmout: {}\n", *over);
      }
      reporter.say(report->message);
      return {};
    };
  });
}

}  // namespace swarmout
