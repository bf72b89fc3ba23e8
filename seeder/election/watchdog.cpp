#include "seeder/election/watchdog.hpp"

#include "common/base/duration.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace swarmout {

namespace {

/// Between two looks at the work; it costs two locks.
constexpr std::chrono::milliseconds kLookAtWork{1000};

}  // namespace

Watchdog::Watchdog(Clock& clock, WatchdogSettings settings, StopOrder& order, WatchdogDuties duties)
    : clock_(clock),
      settings_(settings),
      order_(order),
      duties_(std::move(duties)),
      deadline_(clock.now() + settings.max_runtime),
      nap_(std::clamp(settings.stall_timeout / 4, std::chrono::milliseconds(10), kLookAtWork)),
      stall_(nap_, settings.stall_timeout),
      when_ordered_(order.token(), [this] { waker_.wake(); }),
      thread_([this] { run(); }) {}

Watchdog::~Watchdog() {
  back_ = true;
  came_back_.request_stop();
  waker_.wake();
  thread_.join();
}

void Watchdog::judge(MonotonicTime now) {
  const HeartbeatInfo info = duties_.collect();
  if (now >= deadline_) {
    order_.give(StopReason::overtime,
                fmt::format("not done within {}: still {}", to_text(settings_.max_runtime), name_of(info.phase)));
  } else if (const auto still = stall_.saw(now, info)) {
    order_.give(StopReason::stalled, fmt::format("nothing has moved for {} while {}; given up, so that another run can "
                                                 "begin",
                                                 to_text(*still), name_of(info.phase)));
  }
}

void Watchdog::run() {
  while (!back_ && !order_.given()) {
    judge(clock_.now());
    const auto left = std::max<MonotonicTime::duration>(deadline_ - clock_.now(), std::chrono::milliseconds(1));
    waker_.sleep(clock_, std::min<std::chrono::nanoseconds>(left, nap_));
  }
  const auto order = order_.given();
  if (!order || back_) {
    return;
  }
  duties_.end_claim(*order);
  if (clock_.sleep(settings_.grace, came_back_.get_token()) && !back_) {
    duties_.end_process(*order, duties_.collect().phase);
  }
}

}  // namespace swarmout
