#include "seeder/seed_job.hpp"

#include "common/duration.hpp"
#include "common/failpoint.hpp"
#include "common/signing.hpp"
#include "common/store.hpp"
#include "seeder/basis.hpp"
#include "seeder/git_source.hpp"
#include "seeder/packer.hpp"
#include "seeder/publish.hpp"
#include "seeder/seal.hpp"
#include "seeder/slot.hpp"
#include "seeder/source.hpp"
#include "seeder/staging.hpp"
#include "seeder/tidy_share.hpp"
#include "seeder/tree_guard.hpp"
#include "seeder/work_status.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace swarmout {

namespace {

constexpr std::size_t kKeepReleases = 3;
constexpr auto kRegistryEvery = std::chrono::seconds(1);

/// One leader's work, from its CLAIM to its end.
class Work {
public:
  Work(const SeedOptions& options, Clock& clock, std::stop_token stop, Share& share, Leadership leadership, Store store,
       SigningKey key, const Narrator& narrate, const Narrator& progress)
      : options_(options),
        clock_(clock),
        stop_(std::move(stop)),
        share_(share),
        leadership_(std::move(leadership)),
        store_(std::move(store)),
        key_(key),
        narrate_(narrate),
        progress_(progress) {}

  Result<SeedReport> run(const LogView& log) {
    TRY_ASSIGN(auto beat_share, open_share(options_.share));
    status_.phase("resolving");
    const Heartbeat heartbeat(std::move(beat_share), cell(), options_.heartbeat, [this] { return status_.collect(); });
    heartbeat_ = &heartbeat;
    failpoint("after-heartbeat");
    if (const auto tidied = tidy_share(share_); !tidied) {
      spdlog::warn("tidying up {}: {}", share_.name(), to_string(tidied.error()));
    }
    auto report = lead(log);
    if (!report && !ended_) {
      const auto given_up = abandon(share_, clock_, leadership_, report.error().message, options_.publish_patience);
      if (!given_up) {
        spdlog::error("{}", to_string(given_up.error()));
      }
    }
    tidy();
    return report;
  }

private:
  std::string cell() const { return claim_cell(leadership_.claim, leadership_.owner); }

  Result<SeedReport> lead(const LogView& log) {
    TRY_ASSIGN(const auto source, open_source(options_.source, options_.state));
    TRY_ASSIGN(const auto revision, source->resolve(options_.revision, stop_));
    const LogEntry* const newest = log.newest_release();
    if (newest != nullptr && revision && newest->revision == *revision) {
      return unchanged(*newest);
    }
    TRY_ASSIGN(const SealedRelease sealed, export_and_seal(*source, revision.value_or("")));
    const std::string& sealed_revision = sealed.release.descriptor.revision;
    if (newest != nullptr && newest->revision == sealed_revision) {
      return unchanged(*newest);
    }
    return stage_and_publish(sealed);
  }

  Result<SealedRelease> export_and_seal(Source& source, const std::string& revision) {
    TRY_ASSIGN(const Fd lock, store_.lock_for_writing());
    std::optional<Basis> basis = newest_basis(store_);
    const Position basis_position = basis ? basis->position : Position{};
    narrate_(fmt::format("epoch {}: exporting {}{}", leadership_.claim.value,
                         revision.empty() ? "the source" : revision,
                         basis ? fmt::format(" (packing against release {})", basis_position.value) : ""));
    status_.phase("exporting");
    const MonotonicTime started = clock_.now();
    Packer packer(store_, basis ? std::optional(std::move(basis->manifest)) : std::nullopt, status_.pack,
                  options_.level);
    TreeGuard guard(packer);
    MonotonicTime shown = started;
    ProgressSink shown_sink(guard, [&] {
      if (clock_.now() - shown > std::chrono::milliseconds(300)) {
        shown = clock_.now();
        progress_(fmt::format("exporting: {} files, {} MiB read, {} MiB packed", status_.pack.files.load(),
                              status_.pack.read / kMiB, status_.pack.packed / kMiB));
      }
    });
    TRY(source.stream(revision, shown_sink, stop_));
    TRY(guard.finish());
    failpoint("after-export");
    TRY_ASSIGN(PackedRelease packed, packer.finish());
    status_.phase("sealing");
    const Bytes new_bytes = status_.pack.packed;
    SealInput input;
    input.packed = std::move(packed);
    input.position = leadership_.claim.next();
    input.basis = basis_position;
    input.revision = revision;
    input.source = without_credentials(options_.source);
    input.created = utc(clock_.wall());
    TRY_ASSIGN(SealedRelease sealed, seal(std::move(input), store_, key_));
    const Descriptor& descriptor = sealed.release.descriptor;
    narrate_(fmt::format("epoch {}: packed {} files, {:.1f} MiB into {:.1f} MiB ({:.1f} MiB new) in {}",
                         leadership_.claim.value, descriptor.files, mib(descriptor.tree_size),
                         mib(descriptor.packed_size), mib(new_bytes), to_text(since(started))));
    return sealed;
  }

  Result<SeedReport> stage_and_publish(const SealedRelease& sealed) {
    const Descriptor& descriptor = sealed.release.descriptor;
    SwarmSettings swarm = options_.swarm;
    swarm.role = SwarmRole::seeder;
    TRY_ASSIGN(const auto session, SwarmSession::open(swarm));
    status_.endpoint(session->endpoint());
    status_.phase("staged");
    TRY_ASSIGN(Stage stage, Stage::open(share_, store_, *session, sealed, cell()));
    narrate_(fmt::format("epoch {}: staged {}, seeding on {}", leadership_.claim.value, descriptor.revision,
                         to_string(session->endpoint())));
    failpoint("after-stage");
    const MonotonicTime staged = clock_.now();
    const StageRule rule{options_.quorum, options_.min_copies, options_.stage_timeout};
    TRY(follow_peers(stage, *session, descriptor, "staged", options_.max_runtime,
                     [&](const Spread& spread) { return may_publish(spread, rule, since(staged)); }));
    if (!may_publish(last_spread_, rule, since(staged))) {
      return fail(ErrorCode::temporary,
                  fmt::format("not enough peers have fetched release {} within {} ({} of {} live ones)",
                              descriptor.position.value, to_text(options_.max_runtime), last_spread_.complete,
                              last_spread_.live));
    }
    TRY_ASSIGN(const PublishOutcome outcome,
               publish(share_, clock_, leadership_, sealed.release, options_.publish_patience));
    ended_ = true;
    if (const auto* fenced = std::get_if<Fenced>(&outcome)) {
      TRY(stage.withdraw(share_, *session));
      return fenced_error(*fenced);
    }
    TRY(store_.record(sealed.release));
    narrate_(fmt::format("epoch {}: PUBLISHED {} as release {} ({} of {} live peers had it)", leadership_.claim.value,
                         descriptor.revision, descriptor.position.value, last_spread_.complete, last_spread_.live));
    status_.phase("seeding");
    const auto lingered =
        follow_peers(stage, *session, descriptor, "seeding", options_.linger, [](const Spread& spread) {
          // Nobody there yet: whoever comes needs somebody to fetch from.
          return spread.live > 0 && spread.active == spread.live;
        });
    if (!lingered && lingered.error().code != ErrorCode::temporary) {
      return tl::unexpected(lingered.error());
    }
    const Bytes uploaded = session->status(descriptor.info_hash).uploaded;
    TRY(stage.withdraw(share_, *session));
    return SeedReport{
        SeedReport::Outcome::published, descriptor.position,
        fmt::format("published {} as release {}; {} of {} live peers are on it, {:.1f} MiB sent ({:.2f} "
                    "copies)",
                    descriptor.revision, descriptor.position.value, last_spread_.active, last_spread_.live,
                    mib(uploaded), static_cast<double>(uploaded) / static_cast<double>(descriptor.packed_size))};
  }

  /// Serves, and counts the live peers' copies, until `enough` or `limit` has passed.
  template <typename Enough>
  Result<void> follow_peers(Stage& stage, SwarmSession& session, const Descriptor& descriptor, std::string_view phase,
                            std::chrono::milliseconds limit, Enough enough) {
    const MonotonicTime started = clock_.now();
    MonotonicTime looked{};
    do {
      if (stop_.stop_requested()) {
        return fail(ErrorCode::temporary, "stopped on request");
      }
      if (clock_.now() - looked >= kRegistryEvery) {
        looked = clock_.now();
        const auto now = share_.now();
        const auto peers = now ? live_peers(share_, 0, *now) : tl::unexpected(now.error());
        if (peers) {
          last_spread_ = spread_of(*peers, descriptor);
          status_.spread(last_spread_);
          if (enough(last_spread_)) {
            return {};
          }
        } else {
          spdlog::warn("{}", to_string(peers.error()));  // the share may come back; what is staged stays staged
        }
        progress_(fmt::format("{}: {} of {} peers complete, {:.1f} MiB/s out", phase, last_spread_.complete,
                              last_spread_.live, session.status(descriptor.info_hash).upload_rate / kMiB));
      }
      TRY(stage.tick(session, std::chrono::milliseconds(200)));
    } while (since(started) < limit);
    return {};
  }

  Result<SeedReport> unchanged(const LogEntry& newest) {
    TRY_ASSIGN(const PublishOutcome outcome, publish_unchanged(share_, clock_, leadership_, newest.release,
                                                               newest.revision, options_.publish_patience));
    ended_ = true;
    if (const auto* fenced = std::get_if<Fenced>(&outcome)) {
      return fenced_error(*fenced);
    }
    return SeedReport{
        SeedReport::Outcome::unchanged, newest.release,
        fmt::format("{} is release {} already; nothing was exported", newest.revision, newest.release.value)};
  }

  tl::unexpected<Error> fenced_error(const Fenced& fenced) const {
    const auto pause = heartbeat_->longest_pause();
    return fail(ErrorCode::temporary,
                fmt::format("FENCED: epoch {} was taken over by {}{}; nothing was published by this host",
                            leadership_.claim.value, fenced.by,
                            pause > options_.heartbeat.interval
                                ? fmt::format(" while this process was paused or the share was away for {}", to_text(pause))
                                : ""));
  }

  /// Removes what only this claim needed, and what old releases left behind. Failures do no harm: the next run tries
  /// again.
  void tidy() {
    const auto note = [](const Result<void>& result) {
      if (!result) {
        spdlog::debug("tidying up: {}", to_string(result.error()));
      }
    };
    note(share_.remove_cell(CellKind::stage, cell()));
    note(share_.remove_cell(CellKind::heartbeat, cell()));
    note(store_.prune(kKeepReleases));
    if (const auto names = list_directory(store_.scratch())) {
      for (const std::string& name : *names) {
        note(remove_tree(store_.scratch() / name));
      }
    }
  }

  std::chrono::milliseconds since(MonotonicTime start) const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - start);
  }
  static double mib(Bytes bytes) { return static_cast<double>(bytes) / kMiB; }

  /// Hands everything on and calls `tick` now and then.
  class ProgressSink final : public TreeSink {
  public:
    ProgressSink(TreeSink& next, std::function<void()> tick) : next_(next), tick_(std::move(tick)) {}
    Result<void> entry(const TreeEntry& entry) override {
      if (++entries_ % 64 == 0) {
        tick_();
      }
      return next_.entry(entry);
    }
    Result<void> data(ByteView bytes) override { return next_.data(bytes); }

  private:
    TreeSink& next_;
    std::function<void()> tick_;
    std::uint64_t entries_ = 0;
  };

  const SeedOptions& options_;
  Clock& clock_;
  std::stop_token stop_;
  Share& share_;
  Leadership leadership_;
  Store store_;
  const SigningKey& key_;
  const Narrator& narrate_;
  const Narrator& progress_;
  WorkStatus status_;
  const Heartbeat* heartbeat_ = nullptr;
  Spread last_spread_;
  bool ended_ = false;  ///< a COMMIT was written, or another host's entry fenced us
};

/// Wins nothing, or does the work of one slot.
Result<SeedReport> run_slot(const SeedOptions& options, const std::string& slot, Share& share, const Store& store,
                            Clock& clock, std::stop_token stop, const SigningKey& key, const Narrator& narrate,
                            const Narrator& progress) {
  ElectionSettings election = options.election;
  election.slot = slot;
  LogReader log(share);
  TRY_ASSIGN(ElectionOutcome outcome, elect(share, log, clock, election, stop));
  if (const auto* published = std::get_if<AlreadyPublished>(&outcome)) {
    return SeedReport{SeedReport::Outcome::already_published, published->release, published->message};
  }
  if (const auto* other = std::get_if<SomebodyElse>(&outcome)) {
    return SeedReport{SeedReport::Outcome::somebody_else, {}, other->message};
  }
  const Leadership& leadership = std::get<Leadership>(outcome);
  narrate(fmt::format("epoch {}: elected{}{}", leadership.claim.value, slot.empty() ? "" : " for slot " + slot,
                      leadership.attempt > 1 ? fmt::format(" (attempt {})", leadership.attempt) : ""));
  failpoint("after-elected");
  // Contenders look at the end of the log only; the one that won looks further.
  TRY_ASSIGN(const LogView* view, slot.empty() ? log.refresh() : log.refresh_with_slots());
  if (view->tail() != leadership.claim) {
    return fail(ErrorCode::temporary, fmt::format("epoch {} was passed by epoch {}: this host's view of {} was old",
                                                  leadership.claim.value, view->tail().value, share.name()));
  }
  if (const LogEntry* const done = slot.empty() ? nullptr : view->commit_of(slot)) {
    TRY(abandon(share, clock, leadership, "the slot was published long ago", options.publish_patience));
    return SeedReport{SeedReport::Outcome::already_published, done->release,
                      fmt::format("slot {} was published by {} at {}", slot, done->host, done->time)};
  }
  Work work(options, clock, stop, share, leadership, store, key, narrate, progress);
  return work.run(*view);
}

}  // namespace

Result<SeedReport> run_seed(const SeedOptions& options, Clock& clock, std::stop_token stop, const Narrator& narrate,
                            const Narrator& progress) {
  TRY(open_source(options.source, options.state));  // a wrong spelling should not wait for an election
  TRY_ASSIGN(SigningKey key, SigningKey::load(options.keys / kSecretKeyFile).map_error([&](Error error) {
    if (error.code == ErrorCode::not_found) {
      error = {ErrorCode::usage,
               fmt::format("this host may not lead: there is no {}", (options.keys / kSecretKeyFile).native()),
               "run `swarmout init` once and put the key into the image"};
    }
    return error;
  }));
  TRY_ASSIGN(const auto share, open_share(options.share));
  TRY(make_directories(options.state));
  // Runs of one host must not pile up behind a slow one.
  TRY_ASSIGN(const auto host_lock, try_lock(options.state / "seed.lock"));
  if (!host_lock) {
    return SeedReport{SeedReport::Outcome::somebody_else, {}, "an earlier run is still at work on this host"};
  }
  TRY_ASSIGN(Store store, Store::open(options.state));
  TRY(store.remove_layouts("seed"));  // left behind by a run that was killed
  const auto current_slot = [&]() -> Result<std::string> {
    if (!options.election.slot.empty() || options.period.count() == 0) {
      return options.election.slot;
    }
    return share->now().map([&](WallTime now) { return slot_of(now, options.period); });
  };
  TRY_ASSIGN(std::string slot, current_slot());
  TRY_ASSIGN(SeedReport report, run_slot(options, slot, *share, store, clock, stop, key, narrate, progress));
  if (options.catch_up && report.outcome == SeedReport::Outcome::published) {
    TRY_ASSIGN(std::string next, current_slot());
    if (next != slot) {
      narrate(report.message);
      return run_slot(options, next, *share, store, clock, stop, key, narrate, progress);
    }
  }
  return report;
}

}  // namespace swarmout
