#include "peer/run_job.hpp"

#include "peer/run/outcome.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace swarmout {

namespace {

/// `current` may change between a look and the pin; each time it does, another release was activated.
constexpr int kMostChanges = 20;
constexpr std::chrono::milliseconds kShortestLock{5000};

/// The part of a tree's name that says its revision.
std::string revision_in(const std::string& name) {
  const std::size_t dash = name.find('-');
  return dash == std::string::npos ? name : name.substr(dash + 1, name.find('~') - dash - 1);
}

void describe_release(PinnedRelease& pinned, const GateEnd& gate, const GateOptions& options) {
  const auto& goal = gate.sight.goal;
  if (goal && is_tree_of(pinned.tree, goal->descriptor, options.state)) {
    pinned.release = goal;
  } else {
    pinned.release = release_of(pinned.tree, options.state);
  }
  pinned.revision = pinned.release ? pinned.release->descriptor.revision : revision_in(pinned.tree.name);
  pinned.slot = gate.slot;
  pinned.late = gate.open() ? "" : gate.answer.missing;
}

/// It may go at any moment, and is not needed.
void pin_previous(PinnedRelease& pinned, const Path& dest) {
  auto previous = previous_tree(dest);
  if (!previous || previous->name == pinned.tree.name) {
    return;
  }
  if (auto pin = pin_tree(previous->path); pin && *pin) {
    pinned.previous = std::move(previous);
    pinned.previous_pin = *std::move(pin);
  }
}

/// What is to be worked with; nothing: the gate says what is wrong.
Result<ActiveTree> chosen_tree(const GateEnd& gate, IfLate if_late, const Path& dest) {
  if (gate.open()) {
    return *gate.sight.active;
  }
  if (if_late != IfLate::old) {
    return fail(ErrorCode::temporary, gate.answer.missing + (if_late == IfLate::skip ? "; skipped" : ""));
  }
  if (auto there = active_tree(dest)) {
    return *std::move(there);
  }
  return fail(ErrorCode::unavailable,
              fmt::format("nothing is active in {}, and {}", dest.native(), gate.answer.missing),
              "see whether the service `swarmout peer` runs here");
}

bool may_read(const Path& state) {
  return ::access((state / "releases").c_str(), R_OK | X_OK) == 0;
}

/// Who repairs a tree, or removes it, has it for a moment, or for some minutes. Whoever does not want to wait for a
/// release waits for the moment.
MonotonicTime end_of_patience(const GateOptions& options, MonotonicTime begun) {
  return begun + std::max(options.patience(), kShortestLock);
}

bool is_still_active(const ActiveTree& tree, const Path& dest) {
  const auto active = active_tree(dest);
  return active && active->name == tree.name;
}

/// Waits for whoever has the tree to himself. Nothing: another one is active. Errors: temporary: stopped, or the time
/// is over.
Result<std::optional<Pin>> pin_in_time(const ActiveTree& tree, const Path& dest, MonotonicTime deadline, Clock& clock,
                                       const std::stop_token& stop, const GateNews& news) {
  for (bool said = false;; said = true) {
    TRY_ASSIGN(auto pin, pin_tree(tree.path));
    if (!is_still_active(tree, dest)) {
      return std::nullopt;
    }
    if (pin) {
      return pin;
    }
    if (clock.now() >= deadline) {
      return fail(ErrorCode::temporary, fmt::format("somebody has {} to himself", tree.path.native()),
                  "`swarmout verify --repair` does, while it works; `lsof` names the process");
    }
    if (!said) {
      news(fmt::format("somebody has {} to himself (`swarmout verify --repair`, say); waiting for it",
                       tree.path.native()));
    }
    if (!clock.sleep(kLookHere, stop)) {
      return fail(ErrorCode::temporary,
                  fmt::format("stopped on request; somebody has {} to himself", tree.path.native()));
    }
  }
}

std::chrono::milliseconds left_of(std::chrono::milliseconds wait, MonotonicTime begun, MonotonicTime now) {
  return std::max(std::chrono::milliseconds(0),
                  wait - std::chrono::duration_cast<std::chrono::milliseconds>(now - begun));
}

}  // namespace

Result<PinnedRelease> pin_release(const GateOptions& given, Clock& clock, std::stop_token stop, const GateNews& news) {
  const MonotonicTime begun = clock.now();
  GateOptions options = given;
  options.dest = resolved_root(given.dest);
  for (int changes = 0; changes < kMostChanges; ++changes) {
    TRY_ASSIGN(GateEnd gate, wait_at_gate(options, clock, stop, news));
    TRY_ASSIGN(ActiveTree tree, chosen_tree(gate, options.if_late, options.dest));
    TRY_ASSIGN(auto pin, pin_in_time(tree, options.dest, end_of_patience(given, begun), clock, stop, news));
    if (pin) {
      if (!gate.open()) {
        news(fmt::format("{}; working on {}, which is active", gate.answer.missing, tree.name));
      }
      PinnedRelease pinned{std::move(tree), *std::move(pin), {}};
      describe_release(pinned, gate, options);
      pin_previous(pinned, options.dest);
      return pinned;
    }
    if (!gate.slot.empty()) {
      options.slot = gate.slot;  // the same one, however long that took
      options.period = std::chrono::seconds(0);
    }
    if (given.wait) {
      options.wait = left_of(*given.wait, begun, clock.now());
    }
  }
  return fail(ErrorCode::temporary, fmt::format("{} changes too often, or what it leads to cannot be kept",
                                                (options.dest / "current").native()));
}

std::vector<std::pair<std::string, std::string>> job_variables(const PinnedRelease& pinned, const Path& directory) {
  return {{"SWARMOUT_RELEASE", pinned.tree.position.value == 0 ? "" : std::to_string(pinned.tree.position.value)},
          {"SWARMOUT_REVISION", pinned.revision},
          {"SWARMOUT_DIR", directory.native()},
          {"SWARMOUT_PREVIOUS_DIR", pinned.previous ? pinned.previous->path.native() : ""},
          {"SWARMOUT_SLOT", pinned.slot},
          {"SWARMOUT_JOB", "1"}};
}

std::string job_name(const RunOptions& options) {
  return options.name.empty() ? job_name_of(options.command.front()) : options.name;
}

namespace {

/// What has changed since the release before; nothing: there is none, or this host does not know its manifest any more.
/// Whoever may not read the state directory does without, and is told.
std::optional<ChangesFile> write_changes(const PinnedRelease& pinned, const Path& state, const GateNews& news) {
  const auto before = pinned.previous ? release_of(*pinned.previous, state) : std::nullopt;
  if (!pinned.previous || (!before && may_read(state))) {
    return std::nullopt;
  }
  if (!before || !pinned.release) {
    news(fmt::format("no SWARMOUT_CHANGED: {} cannot be read", state.native()));
    return std::nullopt;
  }
  auto changes = changes_between(before->descriptor, pinned.release->descriptor, state);
  auto file = changes ? ChangesFile::write(*changes) : tl::unexpected(changes.error());
  if (!file) {
    if (file.error().code != ErrorCode::not_found) {
      news(fmt::format("no SWARMOUT_CHANGED: {}", to_string(file.error())));
    }
    return std::nullopt;
  }
  return *std::move(file);
}

/// Nothing: it has not ended well for this release yet, as far as can be told.
Result<std::optional<NoJob>> done_before(const RunOptions& options, const PinnedRelease& pinned, const GateNews& news) {
  const auto found = JobOutcomes(options.gate.state).find(job_name(options));
  if (!found && found.error().code == ErrorCode::refused) {
    news(fmt::format("{}; it counts as none, and is written anew", found.error().message));
    return std::nullopt;
  }
  TRY(found);
  if (const auto& last = *found; last && last->done == release_key(pinned.release, pinned.tree.name)) {
    return NoJob{fmt::format("{} has ended well for {} already", job_name(options), pinned.tree.name)};
  }
  return std::nullopt;
}

/// Of a run that found its name's lock held. Errors: temporary: nobody is at work.
Result<NoJob> job_is_held(const JobOutcomes& outcomes, const std::string& name, Clock& clock,
                          const std::stop_token& stop) {
  const Path file = outcomes.lock_file(name);
  if (!is_at_work(file)) {
    clock.sleep(kLookHere, stop);  // it may only just have begun
  }
  if (is_at_work(file)) {
    return NoJob{fmt::format("another run of {} is at it on this host", name), true};
  }
  const std::string who = who_has(file);
  return fail(
      ErrorCode::temporary,
      fmt::format("the lock of {} is held by {}, which an earlier run has left", name, who.empty() ? "a process" : who),
      who.empty() ? fmt::format("`lsof {}` names it", file.native()) : "end it, or let it close what it inherits");
}

}  // namespace

Result<std::variant<ReadyJob, NoJob>> prepare_job(const RunOptions& options, Clock& clock, std::stop_token stop,
                                                  const GateNews& news) {
  std::optional<JobLock> lock;
  if (options.once_per_release) {
    const JobOutcomes outcomes(options.gate.state);
    TRY_ASSIGN(auto taken, outcomes.lock(job_name(options)));
    if (!taken) {
      TRY_ASSIGN(NoJob held, job_is_held(outcomes, job_name(options), clock, stop));
      return held;
    }
    lock.emplace(*std::move(taken));
  }
  TRY_ASSIGN(PinnedRelease pinned, pin_release(options.gate, clock, stop, news));
  if (options.once_per_release) {
    TRY_ASSIGN(auto done, done_before(options, pinned, news));
    if (done) {
      return *std::move(done);
    }
  }
  ReadyJob job{std::move(pinned), std::move(lock)};
  if (options.copy) {
    const Path dest = resolved_root(options.gate.dest);
    if (const auto swept = remove_left_copies(dest); !swept) {
      news(to_string(swept.error()));
    }
    TRY_ASSIGN(auto copy, PrivateCopy::make(dest, job.pinned.tree.path, stop));
    job.copy.emplace(std::move(copy));
  }
  if (auto changes = write_changes(job.pinned, options.gate.state, news)) {
    job.changes.emplace(*std::move(changes));
  }
  return std::variant<ReadyJob, NoJob>(std::move(job));
}

JobStart start_of(const RunOptions& options, const ReadyJob& job) {
  JobStart start;
  start.argv = options.command;
  start.directory = job.directory();
  start.environment = job_variables(job.pinned, job.directory());
  start.environment.emplace_back("SWARMOUT_CHANGED", job.changes ? job.changes->path().native() : "");
  if (job.changes) {
    start.held.push_back(job.changes->descriptor());
  }
  start.held.push_back(job.pinned.pin.descriptor());
  if (job.pinned.previous_pin) {
    start.held.push_back(job.pinned.previous_pin->descriptor());
  }
  if (job.copy) {
    start.held.push_back(job.copy->descriptor());
  }
  if (job.lock) {
    start.held.push_back(job.lock->descriptor());
    start.lock = job.lock->descriptor();
  }
  start.timeout = options.timeout;
  start.grace = options.grace;
  start.keep_output = options.report_output;
  start.mask = options.mask;
  return start;
}

std::optional<std::string> leave_outcome(const RunOptions& options, const ReadyJob& job, const JobEnd& end,
                                         Clock& clock) {
  const JobOutcomes outcomes(options.gate.state);
  JobOutcome outcome;
  outcome.name = job_name(options);
  if (const auto last = outcomes.find(outcome.name); last && *last) {
    outcome.done = (*last)->done;
  }
  outcome.release = job.pinned.tree.position;
  outcome.revision = job.pinned.revision;
  outcome.tree = job.pinned.tree.name;
  outcome.slot = job.pinned.slot;
  outcome.status = end.timed_out ? kTimedOut : end.status;
  outcome.took = end.took;
  outcome.ended = utc(clock.wall());
  outcome.output = end.output;
  if (outcome.status == 0) {
    outcome.done = release_key(job.pinned.release, job.pinned.tree.name);
  }
  const auto written = outcomes.write(outcome);
  return written ? std::nullopt
                 : std::optional(fmt::format("the outcome is not left behind: {}", to_string(written.error())));
}

}  // namespace swarmout
