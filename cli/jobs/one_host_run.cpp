#include "cli/jobs/one_host_run.hpp"

#include "cli/journal.hpp"
#include "cli/process/ending.hpp"
#include "common/base/key_values.hpp"
#include "common/base/process/deadline.hpp"
#include "common/release/signing_source.hpp"
#include "peer/run/outcome.hpp"
#include "seeder/election/host_lock.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

namespace swarmout {

namespace {

constexpr std::chrono::milliseconds kLongestEndingInElection{9500};

/// What the job is once for: a slot, else the release itself, whatever its number is.
Result<std::string> slot_for(const PinnedRelease& pinned) {
  if (!pinned.slot.empty()) {
    return pinned.slot;
  }
  if (!pinned.release) {
    return fail(ErrorCode::temporary, fmt::format("what {} was signed as is not known here", pinned.tree.name),
                "give --slot or --period");
  }
  return fmt::format("release {}", digest_of(*pinned.release).hex().substr(0, 32));
}

std::string how_it_ended(const JobEnd& end) {
  const std::string how = end.timed_out     ? "its time was over"
                          : end.signal != 0 ? fmt::format("signal {}", end.signal)
                                            : fmt::format("exit status {}", end.status);
  return end.asked == 0 || end.asked == end.signal ? how : fmt::format("{}, told to end by signal {}", how, end.asked);
}

/// Of one that was told to end, and did not end well: by that signal, whatever its command has made of it, so that
/// nobody takes it for a job that has failed.
JobEnd as_asked(JobEnd end) {
  if (end.asked != 0 && end.status != 0) {
    end.signal = end.asked;
    end.status = 128 + end.asked;
    end.timed_out = false;
  }
  return end;
}

class OneHostRun {
public:
  OneHostRun(const RunOptions& options, const OneHostWishes& wishes, const ReadyJob& job, const LeaderKeys& keys)
      : options_(options), wishes_(wishes), job_(job), keys_(keys) {}

  Result<std::optional<JobEnd>> run() {
    settings_.election = wishes_.election;
    TRY_ASSIGN(settings_.election.slot, slot_for(job_.pinned));
    settings_.election.called = called();
    settings_.election.cure =
        fmt::format("there `journalctl -t swarmout` and {} tell more; with more --retries it is tried again",
                    JobOutcomes(options_.gate.state).directory().native());
    settings_.share = options_.gate.share;
    settings_.job = wishes_.name;
    settings_.revision = job_.pinned.revision;
    settings_.election.max_attempts = wishes_.retries + 1;
    settings_.election.wait = options_.gate.wait.has_value();
    settings_.heartbeat.interval = wishes_.election.beat;
    if (!take_lock()) {
      journal(fmt::format("another run of {} is at it on this host", wishes_.name));
      return std::nullopt;
    }
    while (true) {
      TRY_ASSIGN(const auto leadership, contend());
      if (!leadership) {
        return failed_;  // in good hands, or done; what failed here is still to be known
      }
      TRY_ASSIGN(auto end, lead(*leadership));
      if (end && end->asked != 0) {
        return as_asked(*std::move(end));  // whoever asked wants no other attempt here
      }
      const bool again = end && !is_well(*end) && leadership->attempt < settings_.election.max_attempts;
      if (!again) {
        return end;
      }
      spdlog::warn("{} failed: {}; attempt {} of {}", wishes_.name, how_it_ended(*end), leadership->attempt,
                   settings_.election.max_attempts);
      settings_.election.splay = settings_.election.retry_wait;  // deputies of other hosts come first
      failed_ = end;
    }
  }

private:
  /// "job NAME for slot S", "job NAME on release 12 (v1.2.3)".
  std::string called() const {
    const PinnedRelease& pinned = job_.pinned;
    return pinned.slot.empty() ? fmt::format("job {} on {}", wishes_.name,
                                             release_title(ReleaseNames{pinned.tree.position, pinned.revision}))
                               : fmt::format("job {} for slot {}", wishes_.name, pinned.slot);
  }
  static bool is_well(const JobEnd& end) { return end.status == 0 && !end.timed_out; }

  /// Proves that a run of this host that was killed is over. Who cannot keep it waits for the silence, as others do.
  bool take_lock() {
    const JobOutcomes outcomes(options_.gate.state);
    auto lock = outcomes.make_directory().and_then(
        [&] { return HostLock::take(outcomes.directory() / (".leads-" + wishes_.name), system_clock()); });
    if (!lock) {
      spdlog::debug("{}", to_string(lock.error()));
      return true;
    }
    if (*lock) {
      lock_.emplace(**std::move(lock));
      settings_.election.dead_owner = lock_->dead_owner();
    }
    return lock_.has_value();
  }

  std::optional<std::chrono::milliseconds> left() const {
    if (!options_.gate.wait) {
      return std::nullopt;
    }
    const auto gone = std::chrono::duration_cast<std::chrono::milliseconds>(system_clock().now() - begun_);
    return std::max(std::chrono::milliseconds(0), *options_.gate.wait - gone);
  }

  /// Nothing: another host is at it, or has done it.
  Result<std::optional<Leadership>> contend() {
    const Signals signals(kLongestEndingInElection);
    const Deadline stop(left(), signals.token());
    if (!host_) {
      TRY_ASSIGN(OneHost opened,
                 OneHost::open(settings_, {*keys_.signer, keys_.trusted}, system_clock(), stop.token()));
      host_.emplace(std::move(opened));
    }
    auto outcome = host_->elect(stop.token(), [&](const std::string& owner) {
      if (lock_) {
        lock_->leads(settings_.election.slot, owner);
      }
      return Result<void>();
    });
    if (!outcome && stop.passed()) {
      return fail(ErrorCode::temporary, fmt::format("{} is not done yet; another host is at it", wishes_.name));
    }
    TRY(outcome);
    if (const auto* const leadership = std::get_if<Leadership>(&*outcome)) {
      return *leadership;
    }
    const auto* const done = std::get_if<AlreadyPublished>(&*outcome);
    const auto* const other = std::get_if<SomebodyElse>(&*outcome);
    journal(fmt::format("{}: {}", wishes_.name,
                        done != nullptr    ? done->message
                        : other != nullptr ? other->message
                                           : ""));
    return std::nullopt;
  }

  Result<std::optional<JobEnd>> lead(const Leadership& leadership) {
    const HeldSignals signals;
    TRY_ASSIGN(BoundJob bound, BoundJob::prepare(start_of(options_, job_), signals, system_clock()));
    std::optional<JobEnd> end;
    const auto led = host_->lead(leadership, [&](const StopOrder& order) -> Result<WorkEnd> {
      const Fd ordered(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
      const std::stop_callback tell(order.token(), [&] {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t told = ::write(ordered.get(), &one, sizeof one);
      });
      auto ended = bound.go(ordered.get(), signals, system_clock());
      end = ended ? *ended : end_of(ended.error());
      TRY(ended);
      return WorkEnd{is_well(*end), how_it_ended(*end)};
    });
    if (end) {
      journal(fmt::format("{} ended ({}) on {}", wishes_.name, how_it_ended(*end), job_.pinned.tree.name));
      if (const auto trouble = leave_outcome(options_, job_, *end, system_clock())) {
        spdlog::warn("{}", *trouble);
      }
    }
    TRY(led);
    return *led == OneHostEnd::passed ? std::optional<JobEnd>() : end;
  }

  const RunOptions& options_;
  const OneHostWishes& wishes_;
  const ReadyJob& job_;
  const LeaderKeys& keys_;
  OneHostSettings settings_;
  std::optional<HostLock> lock_;
  std::optional<OneHost> host_;
  std::optional<JobEnd> failed_;
  const MonotonicTime begun_ = system_clock().now();
};

}  // namespace

Result<std::optional<JobEnd>> run_on_one_host(const RunOptions& options, const OneHostWishes& wishes,
                                              const ReadyJob& job) {
  TRY_ASSIGN(const LeaderKeys keys,
             load_leader_keys({options.gate.keys, wishes.sign_command,
                               [](std::string_view text) { return printable(std::string(text)); }}));
  return OneHostRun(options, wishes, job, keys).run();
}

}  // namespace swarmout
