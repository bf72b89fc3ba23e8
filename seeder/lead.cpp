#include "seeder/lead.hpp"

#include "common/base/clock.hpp"
#include "common/base/duration.hpp"
#include "common/base/failpoint.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/share/open_share.hpp"
#include "seeder/adoption.hpp"
#include "seeder/closing_line.hpp"
#include "seeder/delta/offer_delta.hpp"
#include "seeder/election/away.hpp"
#include "seeder/election/heartbeat.hpp"
#include "seeder/election/publish.hpp"
#include "seeder/election/watchdog.hpp"
#include "seeder/ending.hpp"
#include "seeder/epoch.hpp"
#include "seeder/export.hpp"
#include "seeder/newest.hpp"
#include "seeder/seal.hpp"
#include "seeder/serving.hpp"
#include "seeder/source/credentials.hpp"
#include "seeder/source/open_source.hpp"
#include "seeder/staging.hpp"
#include "seeder/tidy_share.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace swarmout {

namespace {

constexpr std::size_t kKeepReleases = 3;

class Leader {
public:
  Leader(const SeedOptions& options, const LeadContext& context, const Leadership& leadership, std::stop_token stop)
      : context_(context),
        leadership_(leadership),
        order_(std::move(stop)),
        epoch_{options,         context.share,    context.store, context.clock, context.signer, context.keys,
               context.narrate, context.progress, leadership,    status_,       order_.token()},
        end_(epoch_, order_) {}

  /// Whatever fails after the CLAIM is written down, so that successors need not wait for a timeout.
  Result<SeedReport> run() {
    context_.lock.phase(Phase::resolving);
    status_.when_told([this](Phase phase) {
      if (heartbeat_) {
        heartbeat_->beat_now();
      }
      context_.lock.phase(phase);
    });
    const Watchdog watchdog(
        epoch_.clock, {epoch_.options.max_runtime, epoch_.options.heartbeat.stall_timeout}, order_,
        {[this] { return status_.collect(); }, [this](const StopOrder::Given& order) { end_.stop_ordered(order); },
         [this](const StopOrder::Given& order, Phase phase) { end_process(order, phase); }});
    auto report = with_heartbeat();
    if (const auto order = order_.given(); !report && order && !publishing_) {
      report = tl::unexpected(error_of(*order));
      hindered_ = order->reason == StopReason::hindered;
    }
    if (report && !vouched_.empty()) {
      report->message += "; " + vouched_;  // for the journal
    }
    if (!report) {
      report.error().message = quotable(report.error().message);  // it has what a command printed, and all can read it
      end_.work_failed(report.error().message);
    }
    heartbeat_.reset();  // before its cell is removed: a last beat would make it again
    end_.tidy();
    if (const auto pruned = epoch_.store.prune(kKeepReleases); !pruned) {
      spdlog::warn("tidying up: {}", to_string(pruned.error()));
    }
    return report;
  }

  [[nodiscard]] bool hindered() const { return hindered_; }

private:
  Result<SeedReport> with_heartbeat() {
    TRY_ASSIGN(auto beat_share, trying_on(epoch_, [&] { return open_share(epoch_.options.share, epoch_.stop); }));
    heartbeat_.emplace(std::move(beat_share), FleetKeys{epoch_.signer, epoch_.keys}, leadership_,
                       epoch_.options.heartbeat, epoch_.clock, order_, [this] { return status_.collect(); });
    failpoint("after-heartbeat");
    // Contenders look at the end of the log only, and what they have read may be lost since. The one that won reads it
    // anew, and further.
    LogReader log(epoch_.share, epoch_.keys);
    const std::string& slot = leadership_.slot;
    TRY_ASSIGN(const LogView* view,
               trying_on(epoch_, [&] { return slot.empty() ? log.refresh() : log.refresh_with_slots(); }));
    TRY(still_leads(*view));
    if (const LogEntry* const done = slot.empty() ? nullptr : view->commit_of(slot)) {
      const std::string message = fmt::format("slot {} was published by {} at {}", slot, done->host, done->time);
      TRY(begin_to_end());
      TRY(abandon(epoch_.pen(epoch_.share), leadership_, message, epoch_.options.publish_patience, epoch_.stop));
      return SeedReport{SeedReport::Outcome::already_published, done->release, message};
    }
    if (const auto hold = view->hold()) {
      // It was said before this CLAIM, which a contender with an old view has put all the same.
      std::string message = held_sentence(*hold, *view);
      TRY(begin_to_end());
      TRY(abandon(epoch_.pen(epoch_.share), leadership_, message, epoch_.options.publish_patience, epoch_.stop));
      return SeedReport{SeedReport::Outcome::held, {}, std::move(message)};
    }
    const auto left = left_behind(epoch_.share, *view, leadership_.claim, epoch_.keys);
    if (const auto tidied = tidy_share(epoch_.share, epoch_.keys); !tidied) {
      spdlog::log(level_of(tidied.error()), "tidying up {}: {}", epoch_.share.name(), to_string(tidied.error()));
    }
    return lead(*view, left);
  }

  Result<void> still_leads(const LogView& view) const {
    const auto epoch = leadership_.claim.value;
    if (view.tail() != leadership_.claim) {
      return fail(ErrorCode::temporary, fmt::format("epoch {} was passed by epoch {}: this host's view of {} was old",
                                                    epoch, view.tail().value, epoch_.share.name()));
    }
    if (view.open_claim() == nullptr) {
      return fail(ErrorCode::temporary,
                  fmt::format("epoch {} does not count: its CLAIM follows an entry that {} has lost since", epoch,
                              epoch_.share.name()),
                  "the next run will tell");
    }
    return {};
  }

  Result<SeedReport> lead(const LogView& log, const std::optional<SealedRelease>& left) {
    TRY_ASSIGN(const auto source,
               open_source(epoch_.options.source, epoch_.options.state, epoch_.options.source_options));
    const auto believed = current_release(log, epoch_.keys);
    if (!believed) {
      spdlog::warn("publishing anew: {}", to_string(believed.error()));
    }
    const std::optional<SignedDescriptor> newest = believed.value_or(std::nullopt);
    TRY_ASSIGN(const auto revision, resolve(*source));
    const Standing standing = revision ? standing_to(newest, *revision, *source) : Standing::other;
    if (standing == Standing::same) {
      return unchanged(*newest);
    }
    say_why_anew(standing);
    // What is published, and only to be signed anew, goes the same way as what was staged.
    const auto kept = standing == Standing::another_key ? as_sealed(epoch_.share, *newest) : left;
    if (kept && revision) {
      const Job job{*revision, without_credentials(epoch_.options.source), leadership_.claim.next(),
                    epoch_.options.clone_limits, epoch_.certificate()};
      TRY_ASSIGN(const auto adopted, adopt(*kept, job, epoch_.store, epoch_.signer, epoch_.stop));
      if (adopted) {
        TRY(check_size(adopted->release.descriptor.files, newest, size_rule()));
        epoch_.say(*revision + " is whole here; nothing is exported");
        return stage_and_publish(*adopted);
      }
    }
    TRY_ASSIGN(const SealedRelease sealed, make_release(*source, revision.value_or(""), newest));
    if (!revision) {  // the source names it only now
      const Standing found = standing_to(newest, sealed.release.descriptor.revision, *source);
      if (found == Standing::same) {
        return unchanged(*newest);
      }
      say_why_anew(found);
    }
    return stage_and_publish(sealed);
  }

  Standing standing_to(const std::optional<SignedDescriptor>& newest, const std::string& revision,
                       const Source& source) {
    return newest && is_of(*newest, source)
               ? standing_of(epoch_.share, *newest, revision, epoch_.certificate(), epoch_.signer.verify_key().id())
               : Standing::other;
  }
  /// A hash is the name of one content; a number of svn, and what an import is called, of several.
  bool is_of(const SignedDescriptor& newest, const Source& source) const {
    if (const auto packed = source.packed()) {
      return newest.descriptor.manifest == packed->descriptor.manifest;
    }
    const auto place = [](const std::string& spec) { return spec.substr(0, place_of_revision(spec)); };
    const std::string ours = without_credentials(epoch_.options.source);
    return !ours.starts_with("svn+") || place(newest.descriptor.source) == place(ours);
  }
  void say_why_anew(Standing standing) const {
    if (standing == Standing::another_swarm) {
      epoch_.say("publishing anew: the newest release was made for another swarm certificate, or for none");
    }
    if (standing == Standing::another_key) {
      epoch_.say("publishing anew: the newest release was signed with another key than this host signs with");
    }
  }
  SizeRule size_rule() const { return {epoch_.options.allow_empty, epoch_.options.allow_shrink}; }

  Result<std::optional<std::string>> resolve(Source& source) {
    const auto counted = status_.count(source);
    TRY_ASSIGN(auto revision, source.resolve(epoch_.options.revision, epoch_.stop));
    vouched_ = source.vouched();
    if (!vouched_.empty()) {
      epoch_.say(vouched_);
    }
    return revision;
  }

  Result<SealedRelease> make_release(Source& source, const std::string& revision,
                                     const std::optional<SignedDescriptor>& newest) {
    TRY_ASSIGN(const Fd lock, epoch_.store.lock_for_writing(epoch_.stop));
    std::optional counted(status_.count(source));  // it may fetch before it gives, and in between
    TRY_ASSIGN(Exported exported, export_tree(epoch_, source, revision));
    counted.reset();
    TRY(check_size(exported.packed.manifest.nodes.size(), newest, size_rule()));
    status_.phase(Phase::sealing);
    const Bytes new_bytes = status_.pack.packed;
    SealInput input;
    input.packed = std::move(exported.packed);
    input.position = leadership_.claim.next();
    input.basis = exported.basis;
    input.revision = revision;
    input.source = without_credentials(epoch_.options.source);
    input.asked = exported.asked.value_or(epoch_.options.revision);
    input.created = utc(epoch_.clock.wall());
    input.clone_limits = epoch_.options.clone_limits;
    input.certificate = epoch_.certificate();
    TRY_ASSIGN(Draft drafted, draft(std::move(input), epoch_.store));
    const Descriptor& descriptor = drafted.descriptor;
    epoch_.say(fmt::format("packed {} files, {:.1f} MiB into {:.1f} MiB ({:.1f} MiB new) in {}", descriptor.files,
                           in_mib(descriptor.tree_size), in_mib(descriptor.packed_size), in_mib(new_bytes),
                           to_text(epoch_.since(exported.started))));
    auto delta = offer_delta(epoch_, drafted, new_bytes + descriptor.manifest_size);
    return seal(std::move(drafted), std::move(delta), epoch_.signer);
  }

  Result<SeedReport> stage_and_publish(const SealedRelease& sealed) {
    const Descriptor& descriptor = sealed.release.descriptor;
    std::vector<InfoHash> torrents{descriptor.info_hash};
    if (sealed.delta && sealed.delta->info_hash) {
      torrents.push_back(*sealed.delta->info_hash);
    }
    TRY_ASSIGN(const Serving serving, open_serving(epoch_, torrents));
    status_.phase(Phase::staged);
    TRY_ASSIGN(Stage stage, Stage::open(epoch_, *serving.session, serving.tracker_endpoint(), sealed));
    epoch_.say(fmt::format("staged {}, seeding on {}", descriptor.revision, to_string(serving.session->endpoint())));
    failpoint("after-stage");
    Audience audience(epoch_, serving, descriptor);
    TRY(wait_for_copies(audience, descriptor));
    TRY(begin_to_end());
    TRY_ASSIGN(const PublishOutcome outcome, publish(epoch_.pen(epoch_.share), leadership_, sealed.release,
                                                     epoch_.options.publish_patience, epoch_.stop));
    if (const auto* fenced = std::get_if<Fenced>(&outcome)) {
      TRY(stage.withdraw(epoch_.share, *serving.session));
      return fenced_error(*fenced);
    }
    TRY(epoch_.store.record(sealed.release));
    epoch_.say(fmt::format("PUBLISHED {} as release {} ({} of {} live peers had it)", descriptor.revision,
                           descriptor.position.value, audience.spread().complete, audience.spread().live));
    TRY(audience.linger());
    const TransferReport transfer = audience.transfer();
    if (const auto withdrawn = stage.withdraw(epoch_.share, *serving.session); !withdrawn) {
      // It is published, whatever is left behind.
      spdlog::log(level_of(withdrawn.error()), "tidying up: {}", to_string(withdrawn.error()));
    }
    return SeedReport{SeedReport::Outcome::published, descriptor.position,
                      closing_line(descriptor, audience.spread(), transfer.traffic, audience.line_rate(transfer))};
  }

  Result<void> wait_for_copies(Audience& audience, const Descriptor& descriptor) {
    const MonotonicTime staged = epoch_.clock.now();
    const StageRule rule{epoch_.options.quorum, epoch_.options.min_copies, epoch_.options.stage_timeout};
    TRY_ASSIGN(
        const bool enough,
        audience.serve_until([&](const Spread& spread) { return may_publish(spread, rule, epoch_.since(staged)); },
                             epoch_.options.max_runtime));
    if (!enough) {
      return fail(ErrorCode::temporary,
                  fmt::format("not enough peers have fetched release {} within {} ({} of {} live ones)",
                              descriptor.position.value, to_text(epoch_.options.max_runtime),
                              audience.spread().complete, audience.spread().live));
    }
    return {};
  }

  Result<SeedReport> unchanged(const SignedDescriptor& newest) {
    const Descriptor& descriptor = newest.descriptor;
    TRY(begin_to_end());
    TRY_ASSIGN(const PublishOutcome outcome,
               publish_unchanged(epoch_.pen(epoch_.share), leadership_, descriptor.position, descriptor.revision,
                                 epoch_.options.publish_patience, epoch_.stop));
    if (const auto* fenced = std::get_if<Fenced>(&outcome)) {
      return fenced_error(*fenced);
    }
    if (const auto served = serve_again(epoch_, descriptor); !served) {
      spdlog::log(level_of(served.error()), "not serving release {}: {}", descriptor.position.value,
                  to_string(served.error()));
    }
    return SeedReport{
        SeedReport::Outcome::unchanged, descriptor.position,
        fmt::format("{} is release {} already; nothing was exported", descriptor.revision, descriptor.position.value)};
  }

  /// Errors: temporary: the watchdog has put an ABANDON.
  Result<void> begin_to_end() {
    if (!end_.take()) {
      return fail(ErrorCode::temporary, "stopped on request");
    }
    publishing_ = true;
    return {};
  }

  tl::unexpected<Error> fenced_error(const Fenced& fenced) {
    hindered_ = fenced.foreign;
    if (fenced.foreign) {
      return tl::unexpected(error_of(
          {StopReason::hindered, fmt::format("epoch {} was ended by {}", leadership_.claim.value, fenced.by)}));
    }
    const auto pause = heartbeat_->longest_pause();
    return tl::unexpected(error_of(
        {StopReason::passed,
         fmt::format("epoch {} was taken over by {}{}", leadership_.claim.value, fenced.by,
                     pause > epoch_.options.heartbeat.interval
                         ? fmt::format(" while this process was paused or the share was away for {}", to_text(pause))
                         : "")}));
  }

  void end_process(const StopOrder::Given& order, Phase phase) const {
    Error error = error_of(order);
    error.message += fmt::format("; the work hangs while {}, and its process is ended", name_of(phase));
    context_.last_resort(error);
  }

  const LeadContext& context_;
  const Leadership& leadership_;
  StopOrder order_;
  WorkStatus status_;
  Epoch epoch_;
  ClaimEnd end_;
  std::optional<Heartbeat> heartbeat_;  ///< uses status_ and order_
  std::string vouched_;                 ///< who signed at the source; empty: nobody was asked
  bool hindered_ = false;               ///< the number of its COMMIT is taken by something that is not signed
  bool publishing_ = false;             ///< the work has begun to put the entry that ends the claim
};

}  // namespace

Result<SeedReport> lead_epoch(const SeedOptions& options, const LeadContext& context, const Leadership& leadership,
                              std::stop_token stop, bool& hindered) {
  Leader leader(options, context, leadership, std::move(stop));
  auto report = leader.run();
  hindered = leader.hindered();
  return report;
}

}  // namespace swarmout
