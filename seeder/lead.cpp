#include "seeder/lead.hpp"

#include "common/base/clock.hpp"
#include "common/base/duration.hpp"
#include "common/base/failpoint.hpp"
#include "common/fleet/leader_record.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/fleet/registry.hpp"
#include "common/fleet/torrent_on_share.hpp"
#include "common/fleet/trust.hpp"
#include "common/release/signing.hpp"
#include "common/release/store.hpp"
#include "common/share/open_share.hpp"
#include "seeder/adoption.hpp"
#include "seeder/closing_line.hpp"
#include "seeder/election/publish.hpp"
#include "seeder/pack/basis.hpp"
#include "seeder/pack/packer.hpp"
#include "seeder/progress_sink.hpp"
#include "seeder/seal.hpp"
#include "seeder/source/credentials.hpp"
#include "seeder/source/open_source.hpp"
#include "seeder/source/tree_guard.hpp"
#include "seeder/staging.hpp"
#include "seeder/tidy_share.hpp"
#include "seeder/work_status.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace swarmout {

namespace {

constexpr std::size_t kKeepReleases = 3;

/// One leader's work, from its CLAIM to its end.
class Leader {
public:
  Leader(const SeedOptions& options, const LeadContext& context, Leadership leadership, std::stop_token stop)
      : options_(options),
        clock_(context.clock),
        stop_(std::move(stop)),
        share_(context.share),
        leadership_(std::move(leadership)),
        store_(context.store),
        key_(context.key),
        narrate_(context.narrate),
        progress_(context.progress) {}

  /// Whatever fails after the CLAIM is written down, so that successors need not wait for a timeout.
  Result<SeedReport> run() {
    auto report = with_heartbeat();
    if (!report && !ended_) {
      // Successors go on without it when this host has not beaten for so long.
      const auto patience =
          std::min(options_.publish_patience, options_.election.stale_checks * options_.heartbeat.interval);
      const auto given_up = abandon(share_, clock_, leadership_, report.error().message, patience, stop_);
      if (!given_up) {
        spdlog::error("{}", to_string(given_up.error()));
      }
    }
    heartbeat_.reset();  // before its cell is removed: a last beat would make it again
    tidy();
    return report;
  }

private:
  /// Of the swarm that this leader makes; empty: in the clear.
  std::string certificate() const {
    return options_.swarm.certificate ? options_.swarm.certificate->certificate : std::string();
  }
  std::string cell() const { return claim_cell(leadership_.claim, leadership_.owner); }

  Result<SeedReport> with_heartbeat() {
    status_.phase("resolving");
    TRY_ASSIGN(auto beat_share, open_share(options_.share, stop_));
    heartbeat_.emplace(std::move(beat_share), cell(), options_.heartbeat, [this] { return status_.collect(); });
    failpoint("after-heartbeat");
    // Contenders look at the end of the log only, and what they have read may be lost since. The one that won reads it
    // anew, and further.
    LogReader log(share_);
    const std::string& slot = leadership_.slot;
    TRY_ASSIGN(const LogView* view, slot.empty() ? log.refresh() : log.refresh_with_slots());
    if (view->tail() != leadership_.claim) {
      return fail(ErrorCode::temporary, fmt::format("epoch {} was passed by epoch {}: this host's view of {} was old",
                                                    leadership_.claim.value, view->tail().value, share_.name()));
    }
    if (view->open_claim() == nullptr) {
      return fail(ErrorCode::temporary,
                  fmt::format("epoch {} does not count: its CLAIM follows an entry that {} has lost since",
                              leadership_.claim.value, share_.name()),
                  "the next run will tell");
    }
    if (const LogEntry* const done = slot.empty() ? nullptr : view->commit_of(slot)) {
      ended_ = true;
      const std::string message = fmt::format("slot {} was published by {} at {}", slot, done->host, done->time);
      TRY(abandon(share_, clock_, leadership_, message, options_.publish_patience, stop_));
      return SeedReport{SeedReport::Outcome::already_published, done->release, message};
    }
    const auto left = left_behind(share_, *view, leadership_.claim, key_.verify_key());
    if (const auto tidied = tidy_share(share_); !tidied) {
      spdlog::warn("tidying up {}: {}", share_.name(), to_string(tidied.error()));
    }
    return lead(*view, left);
  }

  Result<SeedReport> lead(const LogView& log, const std::optional<SealedRelease>& left) {
    TRY_ASSIGN(const auto source, open_source(options_.source, options_.state, options_.source_options));
    const std::optional<SignedDescriptor> newest = believed_release(log);
    TRY_ASSIGN(const auto revision, resolve(*source));
    if (newest && revision && is_newest(*revision, *newest)) {
      return unchanged(*newest);
    }
    if (left && revision) {
      const Job job{*revision, without_credentials(options_.source), leadership_.claim.next(), options_.clone_limits,
                    certificate()};
      if (const auto adopted = adopt(*left, job, store_, key_)) {
        narrate_(fmt::format("epoch {}: {} was staged by the leader before, and is whole here; nothing is exported",
                             leadership_.claim.value, *revision));
        return stage_and_publish(*adopted);
      }
    }
    TRY_ASSIGN(const SealedRelease sealed, export_and_seal(*source, revision.value_or("")));
    if (newest && is_newest(sealed.release.descriptor.revision, *newest)) {
      return unchanged(*newest);
    }
    return stage_and_publish(sealed);
  }

  /// The newest release, if it was signed with our key: after a change of keys it is published anew.
  std::optional<SignedDescriptor> believed_release(const LogView& log) const {
    const LogEntry* const newest = log.newest_release();
    if (newest == nullptr) {
      return std::nullopt;
    }
    const auto release = trusted(*newest, key_.verify_key());
    if (!release) {
      spdlog::warn("publishing anew: {}", to_string(release.error()));
    }
    return release ? std::optional(*release) : std::nullopt;
  }

  /// Is it what the revision was published as? Not, if that was made for another swarm: after a change of the
  /// certificate or of --swarm-tls it is published anew. A torrent that cannot be read says nothing about its swarm.
  bool is_newest(const std::string& revision, const SignedDescriptor& newest) {
    const Descriptor& descriptor = newest.descriptor;
    if (descriptor.revision != revision) {
      return false;
    }
    const auto torrent = torrent_on_share(share_, descriptor);
    if (torrent && torrent->contents.certificate != certificate()) {
      narrate_("publishing anew: the newest release was made for another swarm certificate, or for none");
      return false;
    }
    return true;
  }

  Result<std::optional<std::string>> resolve(Source& source) {
    const auto counted = status_.count(source);
    return source.resolve(options_.revision, stop_);
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
    input.asked = options_.revision;
    input.created = utc(clock_.wall());
    input.clone_limits = options_.clone_limits;
    input.certificate = certificate();
    TRY_ASSIGN(SealedRelease sealed, seal(std::move(input), store_, key_));
    const Descriptor& descriptor = sealed.release.descriptor;
    narrate_(fmt::format("epoch {}: packed {} files, {:.1f} MiB into {:.1f} MiB ({:.1f} MiB new) in {}",
                         leadership_.claim.value, descriptor.files, in_mib(descriptor.tree_size),
                         in_mib(descriptor.packed_size), in_mib(new_bytes), to_text(since(started))));
    return sealed;
  }

  Result<Serving> serve(const Descriptor& release) {
    TRY_ASSIGN(Serving serving, open_serving(options_.swarm, options_.tracker_port, release.info_hash, clock_));
    serving.session->expect(peers_on(share_).value_or(0));
    return serving;
  }

  Result<SeedReport> stage_and_publish(const SealedRelease& sealed) {
    const Descriptor& descriptor = sealed.release.descriptor;
    TRY_ASSIGN(const Serving serving, serve(descriptor));
    const auto& session = serving.session;
    status_.serving(serving);
    status_.phase("staged");
    TRY_ASSIGN(Stage stage, Stage::open(share_, store_, serving, sealed, cell()));
    narrate_(fmt::format("epoch {}: staged {}, seeding on {}", leadership_.claim.value, descriptor.revision,
                         to_string(session->endpoint())));
    failpoint("after-stage");
    const MonotonicTime staged = clock_.now();
    const StageRule rule{options_.quorum, options_.min_copies, options_.stage_timeout};
    TRY_ASSIGN(const bool enough,
               follow_peers(*session, descriptor, "staged", options_.max_runtime, [&](const Spread& spread) {
                 return may_publish(spread, rule, since(staged)) || superseded();
               }));
    if (!enough) {
      return fail(ErrorCode::temporary,
                  fmt::format("not enough peers have fetched release {} within {} ({} of {} live ones)",
                              descriptor.position.value, to_text(options_.max_runtime), last_spread_.complete,
                              last_spread_.live));
    }
    ended_ = true;
    TRY_ASSIGN(const PublishOutcome outcome,
               publish(share_, clock_, leadership_, sealed.release, options_.publish_patience, stop_));
    if (const auto* fenced = std::get_if<Fenced>(&outcome)) {
      TRY(stage.withdraw(share_, *session));
      return fenced_error(*fenced);
    }
    TRY(store_.record(sealed.release));
    narrate_(fmt::format("epoch {}: PUBLISHED {} as release {} ({} of {} live peers had it)", leadership_.claim.value,
                         descriptor.revision, descriptor.position.value, last_spread_.complete, last_spread_.live));
    TRY(seed_to_all(*session, descriptor));
    const TransferReport transfer = session->transfer(descriptor.info_hash);
    TRY(stage.withdraw(share_, *session));
    return SeedReport{SeedReport::Outcome::published, descriptor.position,
                      closing_line(descriptor, last_spread_, transfer.traffic, line_rate(transfer))};
  }

  /// Until every live peer is on it, or the time is over, or somebody wants us to stop.
  Result<void> seed_to_all(SwarmSession& session, const Descriptor& descriptor) {
    status_.phase("seeding");
    const auto lingered = follow_peers(session, descriptor, "seeding", options_.linger, [](const Spread& spread) {
      return spread.live > 0 && spread.active == spread.live;  // nobody there yet: whoever comes needs somebody
    });
    if (!lingered && lingered.error().code != ErrorCode::temporary) {
      return tl::unexpected(lingered.error());
    }
    return {};
  }

  /// Serves, and counts the live peers' copies, until `enough` says so (true) or `limit` has passed (false).
  template <typename Enough>
  Result<bool> follow_peers(SwarmSession& session, const Descriptor& descriptor, std::string_view phase,
                            std::chrono::milliseconds limit, Enough enough) {
    const MonotonicTime started = clock_.now();
    MonotonicTime looked{};
    do {
      if (stop_.stop_requested()) {
        return fail(ErrorCode::temporary, "stopped on request");
      }
      if (clock_.now() - looked >= registry_interval(last_spread_.live)) {
        looked = clock_.now();
        const auto now = share_.now();
        const auto peers = now ? live_peers(share_, 0, *now) : tl::unexpected(now.error());
        if (peers) {
          last_spread_ = spread_of(*peers, descriptor);
          status_.spread(last_spread_);
          const TransferReport transfer = session.transfer(descriptor.info_hash);
          status_.served(transfer, descriptor.packed_size, line_rate(transfer));
          if (enough(last_spread_)) {
            return true;
          }
        } else {
          spdlog::warn("{}", to_string(peers.error()));  // the share may come back; what is staged stays staged
        }
        progress_(fmt::format("{}: {} of {} peers complete, {:.1f} MiB/s out", phase, last_spread_.complete,
                              last_spread_.live, session.status(descriptor.info_hash).upload_rate / kMiB));
      }
      TRY(keep_serving(session, std::chrono::milliseconds(200)));
    } while (since(started) < limit);
    return false;
  }

  /// Peers do not fetch for a leader that was taken over. Only its COMMIT, which fails, tells for certain.
  bool superseded() { return share_.read(leadership_.claim.next()).value_or(std::nullopt).has_value(); }

  Result<SeedReport> unchanged(const SignedDescriptor& newest) {
    const Descriptor& descriptor = newest.descriptor;
    ended_ = true;
    TRY_ASSIGN(const PublishOutcome outcome, publish_unchanged(share_, clock_, leadership_, descriptor.position,
                                                               descriptor.revision, options_.publish_patience, stop_));
    if (const auto* fenced = std::get_if<Fenced>(&outcome)) {
      return fenced_error(*fenced);
    }
    if (const auto served = serve_again(newest); !served) {
      spdlog::warn("not serving release {}: {}", descriptor.position.value, to_string(served.error()));
    }
    return SeedReport{
        SeedReport::Outcome::unchanged, descriptor.position,
        fmt::format("{} is release {} already; nothing was exported", descriptor.revision, descriptor.position.value)};
  }

  /// Peers that were away when it was published need somebody to fetch from, and that run is over. Serves, if this host
  /// has it whole and some live peer is not on it.
  Result<void> serve_again(const SignedDescriptor& release) {
    const Descriptor& descriptor = release.descriptor;
    TRY_ASSIGN(const WallTime now, share_.now());
    TRY_ASSIGN(const auto peers, live_peers(share_, 0, now));
    const Spread spread = spread_of(peers, descriptor);
    if (spread.active == spread.live || options_.linger.count() == 0) {
      return {};
    }
    auto torrent = torrent_on_share(share_, descriptor);
    if (!torrent && torrent.error().code == ErrorCode::not_found) {
      return {};  // nobody can fetch it any more
    }
    TRY(torrent);
    const auto content = release_content(store_, descriptor, std::move(torrent->bytes), kSeedPurpose);
    if (!content && content.error().code == ErrorCode::not_found) {
      return {};  // this host has not got it all
    }
    TRY(content);
    TRY_ASSIGN(const Serving serving, serve(descriptor));
    TRY(serving.session->add(*content));
    status_.serving(serving);
    narrate_(fmt::format("release {}: seeding to {} peers that are not on it", descriptor.position.value,
                         spread.live - spread.active));
    return seed_to_all(*serving.session, descriptor);
  }

  tl::unexpected<Error> fenced_error(const Fenced& fenced) const {
    const auto pause = heartbeat_->longest_pause();
    return fail(
        ErrorCode::temporary,
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
    note(store_.clear_scratch());
  }

  /// What this host can send: what it may, or what it was seen to.
  double line_rate(const TransferReport& transfer) const {
    return options_.swarm.limits.upload > 0 ? static_cast<double>(options_.swarm.limits.upload) : transfer.line_rate;
  }
  std::chrono::milliseconds since(MonotonicTime start) const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - start);
  }

  const SeedOptions& options_;
  Clock& clock_;
  std::stop_token stop_;
  Share& share_;
  Leadership leadership_;
  Store& store_;
  const SigningKey& key_;
  const Narrator& narrate_;
  const Narrator& progress_;
  WorkStatus status_;
  std::optional<Heartbeat> heartbeat_;  ///< uses status_
  Spread last_spread_;
  /// An entry was put that ends the claim. If nobody knows what came of it, it may yet appear, and no other may be put.
  bool ended_ = false;
};

}  // namespace

Result<SeedReport> lead_epoch(const SeedOptions& options, const LeadContext& context, Leadership leadership,
                              std::stop_token stop) {
  return Leader(options, context, std::move(leadership), std::move(stop)).run();
}

}  // namespace swarmout
