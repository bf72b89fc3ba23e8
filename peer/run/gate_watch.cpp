#include "peer/run/gate_watch.hpp"

#include "common/fleet/leader.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/fleet/registry.hpp"
#include "common/fleet/trust.hpp"
#include "common/names/slot.hpp"
#include "common/share/open_share.hpp"
#include "peer/fetch/find_release.hpp"
#include "peer/fetch/follow.hpp"
#include "peer/run/readers_clock.hpp"
#include "peer/run/roll_call.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace swarmout {

namespace {

/// Whoever names a slot, or a revision, may mean one that is not the last. Every host looks, so not far.
constexpr std::uint64_t kLookBack = 60;
constexpr std::chrono::seconds kCountFleetEvery{30};
constexpr std::size_t kSmallFleet = 100;
/// Who does not want to wait for a release does not wait for a share that hangs either.
constexpr std::chrono::milliseconds kShortPatience{5000};

class GateWatch {
public:
  GateWatch(const GateOptions& options, Clock& clock, TrustedKeys keys, const GateNews& news)
      : options_(options),
        clock_(clock),
        keys_(std::move(keys)),
        news_(news),
        begun_(clock.now()),
        share_clock_(clock, news) {
    end_.slot = options.slot;
    end_.sight.own_host = host_name();
    end_.sight.wanted = wanted_so_far();
    address_ = options.share;
    address_.timeout = std::min(address_.timeout, std::max(options.patience(), kShortPatience));
  }

  Result<GateEnd> run(std::stop_token stop) {
    const MonotonicTime deadline = begun_ + options_.patience();
    while (true) {
      look_here();
      if (clock_.now() >= next_look_) {
        TRY(look_at_share(stop));
      }
      const bool last = clock_.now() >= deadline || stop.stop_requested();
      end_.answer = judge_gate(end_.sight, options_.quorum);
      if (last && !end_.open() && may_ask_all()) {  // who lags behind, and how far this host is
        look_at_fleet();
        end_.answer = judge_gate(end_.sight, options_.quorum);
      }
      if (end_.open() || last || end_.answer.kind == GateAnswer::Kind::passed) {
        return stop.stop_requested() && !end_.open()
                   ? fail(ErrorCode::temporary, fmt::format("stopped on request; {}", end_.answer.missing))
                   : Result<GateEnd>(std::move(end_));
      }
      const auto nap = std::min<MonotonicTime::duration>(kLookHere, deadline - clock_.now());
      clock_.sleep(std::max<MonotonicTime::duration>(nap, std::chrono::milliseconds(1)), stop);
    }
  }

private:
  /// Before the share has said which slot it is.
  std::string wanted_so_far() const {
    return !options_.revision.empty()    ? options_.revision
           : !options_.slot.empty()      ? fmt::format("slot {}", options_.slot)
           : options_.period.count() > 0 ? "this slot's release"
                                         : "a release";
  }

  void look_here() {
    auto now = active_tree(options_.dest);
    const std::string name = now ? now->name : "";
    const bool changed = looked_here_ && name != (end_.sight.active ? end_.sight.active->name : "");
    if (changed || !looked_here_) {
      known_here_ = now && !options_.revision.empty() ? release_of(*now, options_.state) : std::nullopt;
      next_look_ = changed ? clock_.now() : next_look_;
    }
    looked_here_ = true;
    end_.sight.active = std::move(now);
    judge_here();
  }

  /// What is named by a person, and is active, needs no share.
  void judge_here() {
    GateSight& sight = end_.sight;
    const bool named = !options_.revision.empty() && options_.revision != "latest" && sight.active &&
                       is_called(*sight.active, options_.revision, known_here_);
    if (named && known_here_ && !sight.goal) {
      sight.goal = known_here_;
    }
    const bool is_goal =
        sight.goal && sight.active && is_tree_of(*sight.active, sight.goal->descriptor, options_.state);
    sight.here = is_goal || (named && !sight.goal);
  }

  /// Errors: usage.
  Result<void> look_at_share(const std::stop_token& stop) {
    if (end_.sight.here && options_.quorum <= 0 && !options_.revision.empty()) {
      return {};
    }
    Result<void> looked = read_share(stop);
    if (!looked && looked.error().code == ErrorCode::usage) {
      return looked;
    }
    const std::string trouble = looked ? "" : to_string(looked.error());
    const bool lasts = clock_.now() - begun_ < options_.patience();
    if (!trouble.empty() && !said_away_ && lasts) {
      said_away_ = true;
      news_(fmt::format("{}; waiting for it", trouble));
    } else if (trouble.empty() && said_away_) {
      said_away_ = false;
      news_(fmt::format("{} is back", options_.share.url));
    }
    end_.sight.share_trouble = trouble;
    if (!looked) {
      share_.reset();  // opened anew: another one may be mounted there
      log_.reset();
      next_look_ = clock_.now() + options_.poll;
    }
    judge_here();
    return {};
  }

  Result<void> read_share(const std::stop_token& stop) {
    if (!share_) {
      TRY_ASSIGN(share_, open_share(address_, stop));
      log_.emplace(*share_, keys_);
    }
    if (end_.slot.empty() && options_.period.count() > 0 && options_.revision.empty()) {
      TRY_ASSIGN(const WallTime now, share_clock_.now(*share_));
      const auto ago = std::chrono::duration_cast<WallTime::duration>(clock_.now() - begun_);
      end_.slot = slot_of(now - ago, options_.period);  // of the moment at which cron began
      end_.sight.wanted = fmt::format("slot {}", end_.slot);
    }
    TRY_ASSIGN(const LogView* view, refresh());
    TRY(learn_goal(*view));
    learn_leader(*view);
    const auto interval = look_interval(options_.poll, view->open_claim() != nullptr && !view->hold(), fleet_size());
    next_look_ = clock_.now() + interval;
    if (end_.sight.here && options_.quorum > 0 && clock_.now() >= next_call_) {
      look_at_fleet();
      next_call_ = clock_.now() + roll_.interval();
      next_look_ = std::min(next_look_, next_call_);
    }
    return {};
  }

  Result<const LogView*> refresh() {
    const bool named = !end_.slot.empty() || (!options_.revision.empty() && options_.revision != "latest");
    if (!looked_back_ && named) {
      TRY_ASSIGN(const LogView* view, log_->refresh_with_entries(kLookBack));
      looked_back_ = true;
      return view;
    }
    return log_->refresh();
  }

  /// What is wanted may become another one (a newer release, a rollback); what the log cannot show any more stays.
  Result<void> learn_goal(const LogView& view) {
    GateSight& sight = end_.sight;
    const LogEntry* const newest = view.current_release();
    sight.newest.reset();
    if (newest != nullptr) {
      TRY_ASSIGN(sight.newest, trusted(*newest, keys_));
    }
    if (!options_.revision.empty()) {
      sight.wanted = options_.revision;
      if (auto found = find_release(view, options_.revision, keys_)) {
        sight.goal = *std::move(found);
      } else if (found.error().code != ErrorCode::not_found) {
        return tl::unexpected(std::move(found).error());
      }
    } else if (!end_.slot.empty()) {
      sight.wanted = fmt::format("slot {}", end_.slot);
      if (const LogEntry* const released = slot_release(view, end_.slot)) {
        TRY_ASSIGN(sight.goal, trusted(*released, keys_));
      }
    } else {
      sight.wanted = "a release";
      sight.goal = sight.newest;
    }
    judge_here();
    return {};
  }

  void learn_leader(const LogView& view) {
    end_.sight.leader.reset();
    if (const LogEntry* const open = view.open_claim(); open != nullptr && !view.hold()) {
      const auto leader = known_leader(*share_, view, keys_);
      end_.sight.leader = {open->host, leader && leader->beat ? std::string(name_of(leader->beat->info.phase)) : ""};
    }
  }

  /// For a sentence alone, a thousand hosts do not read a thousand records each.
  bool may_ask_all() { return share_ && (options_.quorum > 0 || options_.name_all || fleet_size() <= kSmallFleet); }

  void look_at_fleet() {
    if (!share_ || !end_.sight.goal) {
      return;
    }
    auto fleet = share_clock_.now(*share_).and_then(
        [this](WallTime now) { return roll_.call(*share_, end_.sight.goal->descriptor, now); });
    if (fleet) {
      end_.sight.fleet = *std::move(fleet);
    } else {
      end_.sight.fleet.reset();
      end_.sight.share_trouble = to_string(fleet.error());
    }
  }

  std::size_t fleet_size() {
    if (clock_.now() >= next_count_) {
      next_count_ = clock_.now() + kCountFleetEvery;
      fleet_ = peers_on(*share_).value_or(fleet_);
    }
    return fleet_;
  }

  const GateOptions& options_;
  Clock& clock_;
  const TrustedKeys keys_;
  const GateNews& news_;
  const MonotonicTime begun_;
  ShareAddress address_;
  GateEnd end_;
  std::unique_ptr<Share> share_;
  std::optional<LogReader> log_;
  RollCall roll_;
  ReadersClock share_clock_;
  std::optional<SignedDescriptor> known_here_;  ///< of what is active, by the records here
  bool looked_here_ = false;
  bool looked_back_ = false;
  bool said_away_ = false;
  std::size_t fleet_ = 1;
  MonotonicTime next_look_{};
  MonotonicTime next_count_{};
  MonotonicTime next_call_{};
};

}  // namespace

Result<GateEnd> wait_at_gate(const GateOptions& options, Clock& clock, std::stop_token stop, const GateNews& news) {
  TRY_ASSIGN(TrustedKeys keys, TrustedKeys::load(options.keys));
  return GateWatch(options, clock, std::move(keys), news).run(std::move(stop));
}

}  // namespace swarmout
