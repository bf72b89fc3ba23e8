#include "cli/jobs/gate_settings.hpp"
#include "cli/jobs/one_host_run.hpp"
#include "cli/journal.hpp"
#include "cli/output.hpp"
#include "cli/process/ending.hpp"
#include "cli/process/process_setup.hpp"
#include "cli/shared_settings.hpp"
#include "cli/verbs.hpp"
#include "common/base/clock.hpp"
#include "common/base/duration.hpp"
#include "common/base/key_values.hpp"
#include "common/share/share_format.hpp"
#include "peer/run_job.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace swarmout {

namespace {

constexpr std::chrono::milliseconds kLongestEndingAtGate{9500};

struct RunTargets {
  RunOptions options;
  OneHostWishes one_host;
};

void add_one_host_settings(Verb& verb, OneHostWishes& wishes) {
  add_setting(verb, wishes.name, Text{.word = "NAME", .shortest = 1, .longest = 100, .one_line = true},
              {.name = "one-host",
               .group = Group::election,
               .help = "Once in the fleet, for each slot or release: one host runs CMD, as job NAME",
               .scope = Scope::command_line});
  add_setting(
      verb, wishes.retries, Count{0, 100},
      {.name = "retries",
       .group = Group::election,
       .help = "With --one-host: attempts after the first one, all hosts together; 0: it is begun once at most"});
  add_setting(verb, wishes.election.beat, Duration{.least = kLeastBeat},
              {.name = "heartbeat", .group = Group::election, .help = "How often a leader shows that it is alive"});
  add_setting(verb, wishes.election.takeover_jitter, Duration{},
              {.name = "takeover-jitter",
               .group = Group::election,
               .help = "Random wait before taking over from a silent leader"});
  add_setting(verb, wishes.election.retry_wait, Duration{},
              {.name = "retry-wait",
               .group = Group::election,
               .help = "Wait before a slot's third attempt; doubled for each later one"});
  add_sign_setting(verb, wishes.sign_command);
}

void add_job_settings(Verb& verb, RunOptions& options) {
  add_setting(
      verb, options.gate.if_late,
      Choice<IfLate>{{{"wait", IfLate::wait}, {"old", IfLate::old}, {"skip", IfLate::skip}}},
      {.name = "if-late",
       .help = "When the release is not active in time: wait on and then fail, work on the old one, or skip (75)"});
  add_setting(verb, options.name, Text{.word = "NAME", .shortest = 1, .longest = 100, .one_line = true},
              {.name = "name",
               .help = "Under which its outcome is kept; without it the name of CMD",
               .scope = Scope::command_line});
  add_setting(verb, options.once_per_release, Flag{},
              {.name = "once-per-release", .help = "Not again for a release for which it has ended well on this host"});
  add_setting(verb, options.copy, Flag{},
              {.name = "copy", .help = "In a copy of the release that CMD may write to, removed afterwards"});
  add_setting(
      verb, options.report_output, Flag{},
      {.name = "report-output", .help = "The end of its output, 4 KiB, goes into its outcome and is in status"});
  add_setting(verb, options.timeout, Duration{.least = std::chrono::milliseconds(1)},
              {.name = "timeout", .help = "End CMD, and all that it has started, after this; the status is 124 then"});
  add_setting(verb, options.grace, Duration{},
              {.name = "kill-after", .help = "What is ended has this long, from SIGTERM to SIGKILL"});
}

std::string ending_of(const JobEnd& end) {
  return end.timed_out     ? "was ended: its time was over"
         : end.signal != 0 ? fmt::format("ended by signal {}", end.signal)
                           : fmt::format("ended with status {}", end.status);
}

/// As a shell would have seen the program end: its status, or its signal.
Result<void> end_likewise(const JobEnd& end) {
  if (end.timed_out) {
    say("the job was ended: its time was over");
    return tl::unexpected(Error{static_cast<ErrorCode>(kTimedOut), "", "", true});
  }
  if (end.signal != 0) {
    speaker().finish([](const std::string& line) { journal(line); });
    end_by_signal(end.signal);
  }
  if (end.status != 0) {
    return tl::unexpected(Error{static_cast<ErrorCode>(end.status), "", "", true});
  }
  return {};
}

Result<void> check_name_of_job(const std::string& option, const std::string& name) {
  if (!name.empty() && !good_name(name)) {
    return fail(
        ErrorCode::usage,
        fmt::format("{}: \"{}\" has other characters than letters, digits, '.', '_' and '-', or begins with '.'",
                    option, printable(name)));
  }
  return {};
}

Result<void> check_job(const RunTargets& to) {
  if (to.options.command.empty()) {
    return fail(ErrorCode::usage, "run needs a command", "swarmout run [OPTION…] [--] CMD…");
  }
  TRY(check_name_of_job("--name", to.options.name));
  if (to.options.once_per_release && to.options.name.empty() &&
      to.options.command.front().find('/') == std::string::npos) {
    return fail(ErrorCode::usage, "--once-per-release needs --name here",
                fmt::format("without it this is job {0}, and so is every other line that runs {0}",
                            to.options.command.front()));
  }
  if (!to.one_host.name.empty() && to.options.gate.if_late == IfLate::old) {
    return fail(ErrorCode::usage, "--one-host and --if-late old do not go together",
                "a slot would count as done with an old release; --if-late skip, or --revision for a certain one");
  }
  return check_name_of_job("--one-host", to.one_host.name);
}

Result<std::variant<ReadyJob, NoJob>> make_ready(const RunOptions& options) {
  const Signals signals(kLongestEndingAtGate);
  return prepare_job(options, system_clock(), signals.token(),
                     [](const std::string& news) { spdlog::warn("{}", news); });
}

/// What is ready goes when this returns, but for what the job has left running.
Result<JobEnd> run_ready(const RunOptions& options, const ReadyJob& job, const HeldSignals& signals) {
  const auto ended = run_program(start_of(options, job), signals, system_clock());
  const JobEnd end = ended ? *ended : end_of(ended.error());
  journal(fmt::format("{} {} after {} on {}{}", job_name(options), ending_of(end), to_text(end.took),
                      job.pinned.tree.name, job.pinned.late.empty() ? "" : fmt::format(" ({})", job.pinned.late)));
  if (const auto trouble = leave_outcome(options, job, end, system_clock())) {
    spdlog::warn("{}", *trouble);
  }
  return ended;
}

Result<JobEnd> begin_job(const RunTargets& to) {
  TRY(check_job(to));
  TRY_ASSIGN(const auto ready, make_ready(to.options));
  if (const auto* const nothing = std::get_if<NoJob>(&ready)) {
    journal(nothing->why);
    if (nothing->worth_saying) {
      say(nothing->why);
    }
    return JobEnd{};
  }
  const ReadyJob& job = std::get<ReadyJob>(ready);
  if (!to.one_host.name.empty()) {
    return run_on_one_host(to.options, to.one_host, job).map([](const std::optional<JobEnd>& end) {
      return end.value_or(JobEnd{});
    });
  }
  const HeldSignals signals;
  return run_ready(to.options, job, signals);
}

Result<void> run_job(const RunTargets& to) {
  const auto end = begin_job(to);
  if (!end) {
    journal(end.error());
    return tl::unexpected(end.error());
  }
  return end_likewise(*end);
}

}  // namespace

Verb run_verb() {
  Verb verb{.name = "run", .about = "The second cron line: run a command in the release, once it is active here"};
  const auto to = std::make_shared<RunTargets>();
  add_gate_settings(verb, to->options.gate);
  add_job_settings(verb, to->options);
  add_one_host_settings(verb, to->one_host);
  verb.rest = &to->options.command;
  verb.rest_words = "CMD…";
  verb.takes_signals = true;
  verb.run = [to](std::stop_token) {
    if (!to->one_host.name.empty() && to->options.name.empty()) {
      to->options.name = to->one_host.name;
    }
    to->options.mask = mask_of_caller();
    return run_job(*to);
  };
  return verb;
}

}  // namespace swarmout
