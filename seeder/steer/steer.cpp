#include "seeder/steer/steer.hpp"

#include "common/release/descriptor.hpp"
#include "seeder/election/put_claim.hpp"

#include <fmt/format.h>

#include <set>

namespace swarmout {

namespace {

using Order = SteerOrder::Kind;

constexpr std::chrono::milliseconds kPause{200};

/// What the COMMIT is to name. Errors: not_found.
Result<const LogEntry*> named_by(const SteerOrder& order, const LogView& view) {
  const LogEntry* const current = view.current_release();
  if (current == nullptr) {
    return fail(ErrorCode::not_found, "nothing is published yet", "run `swarmout seed` on any host");
  }
  if (order.kind != Order::rollback) {
    return current;
  }
  const LogEntry* const wanted = view.at(order.release);
  if (wanted == nullptr || wanted->kind != EntryKind::commit || wanted->release != order.release) {
    return fail(ErrorCode::not_found, fmt::format("release {} is not in the log any more", order.release.value));
  }
  return wanted;
}

std::string sentence(const SteerOrder& order, const Steered& done, Position before) {
  const std::string which = release_title(ReleaseNames{done.release, done.revision});
  std::string text;
  if (order.kind == Order::resume) {
    text = fmt::format("resumed at {}; the next run of `seed` publishes what its source says", which);
  } else if (done.release == before) {
    text = fmt::format("held on {}; nothing is published until `swarmout resume`", which);
  } else {
    text = fmt::format("{} from release {} on {}; nothing is published until `swarmout resume`",
                       done.release < before ? "back" : "forward", before.value, which);
  }
  if (done.fenced) {
    text += fmt::format("\nepoch {} of {} is ended by this: if it is still at work, that is not published",
                        done.fenced->position.value, done.fenced->host);
  }
  return text;
}

/// One try. Nothing: somebody was faster.
Result<std::optional<Steered>> try_to_steer(const Pen& pen, const LogReader& log, const LogView& view,
                                            const SteerOrder& order, std::set<std::string>& owners,
                                            const std::stop_token& stop) {
  TRY_ASSIGN(const LogEntry* const named, named_by(order, view));
  const LogEntry release = *named;
  Steered done{{}, release.position, release.revision, std::nullopt, {}};
  const Position before = view.current_release()->position;
  if (order.kind == Order::resume && !view.hold()) {
    done.text =
        fmt::format("nothing is held; {} is current", release_title(ReleaseNames{release.position, release.revision}));
    return done;
  }
  // While the fleet is held nobody is at work: who claimed has steered, too, and was killed.
  if (const LogEntry* const open = view.open_claim();
      open != nullptr && !view.hold() && !owners.contains(open->owner)) {
    done.fenced = *open;
  }
  TRY_ASSIGN(const auto leadership, put_claim({pen.share, log, pen.clock, pen.keys.signer}, view,
                                              {view.tail().next(), "", 1}, [&](const std::string& owner) {
                                                owners.insert(owner);
                                                return Result<void>();
                                              }));
  if (!leadership) {
    return std::nullopt;
  }
  TRY_ASSIGN(const PublishOutcome outcome,
             publish_by_hand(pen, *leadership, release, order.kind == Order::resume ? "" : order.reason, order.patience,
                             stop));
  const auto* const published = std::get_if<Published>(&outcome);
  if (published == nullptr) {
    return std::nullopt;
  }
  done.position = published->position;
  done.text = sentence(order, done, before);
  return done;
}

}  // namespace

Result<Steered> steer(const Pen& pen, LogReader& log, const SteerOrder& order, std::stop_token stop) {
  INVARIANT(order.kind == Order::resume || (!order.reason.empty() && order.reason.size() <= kMaxHold));
  const MonotonicTime deadline = pen.clock.now() + order.patience;
  std::set<std::string> owners;  // of our own CLAIMs
  while (true) {
    TRY_ASSIGN(const LogView* const view, log.refresh_with_entries(1));
    if (order.kind == Order::rollback && view->at(order.release) == nullptr) {
      TRY(log.refresh_with_slots());  // it is further back than what a run reads
    }
    auto done = try_to_steer(pen, log, *view, order, owners, stop);
    if (done && *done) {
      return **std::move(done);
    }
    // A CLAIM of our own whose fate was not known is an open one the next time, and taken over like any.
    if (!done && done.error().code != ErrorCode::temporary) {
      return tl::unexpected(std::move(done).error());
    }
    if (pen.clock.now() >= deadline || !pen.clock.sleep(kPause, stop)) {
      return done ? fail(ErrorCode::temporary, "others took every number of the log that was wanted for this",
                         "say it again")
                  : tl::unexpected(std::move(done).error());
    }
  }
}

}  // namespace swarmout
