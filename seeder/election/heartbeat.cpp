#include "seeder/election/heartbeat.hpp"

#include "common/fleet/log_record.hpp"
#include "seeder/election/away.hpp"
#include "seeder/election/publish.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace swarmout {

namespace {

/// How often the share is asked for its time; between, this host's monotonic clock goes on from there.
constexpr std::chrono::minutes kReadTimeEvery{10};

}  // namespace

Result<std::optional<StopOrder::Given>> passed_by(Share& share, const Leadership& leadership, const TrustedKeys& keys) {
  const auto read = share.read(leadership.claim.next());
  const bool too_large = !read && read.error().code == ErrorCode::refused;
  if (!too_large) {
    TRY(read);
  }
  if (!too_large && !*read) {
    return std::nullopt;
  }
  const std::string bytes = too_large ? std::string() : **read;
  const LogRecord record = record_of(bytes, leadership.claim.next(), leadership.log, keys);
  const bool ours = record.entry.owner == leadership.owner;
  if (ours && record.entry.kind == EntryKind::commit) {
    return std::nullopt;
  }
  const Fenced by = who_wrote(bytes, leadership, keys);
  return StopOrder::Given{by.foreign ? StopReason::hindered : StopReason::passed,
                          fmt::format("epoch {} was {} by {}", leadership.claim.value,
                                      ours         ? "abandoned"
                                      : by.foreign ? "ended"
                                                   : "taken over",
                                      by.by)};
}

Heartbeat::Heartbeat(std::unique_ptr<Share> share, FleetKeys keys, Leadership leadership, HeartbeatSettings settings,
                     Clock& clock, StopOrder& order, std::function<HeartbeatInfo()> collect)
    : share_(std::move(share)),
      keys_(keys),
      leadership_(std::move(leadership)),
      settings_(settings),
      clock_(clock),
      order_(order),
      collect_(std::move(collect)),
      when_ordered_(order.token(), [this] { waker_.wake(); }),
      thread_([this] { run(); }) {}

Heartbeat::~Heartbeat() {
  dropped_ = true;
  waker_.wake();
  thread_.join();
}

std::chrono::milliseconds Heartbeat::longest_pause() const {
  const std::lock_guard lock(mutex_);
  return longest_pause_;
}

void Heartbeat::run() {
  const auto nap = std::min<std::chrono::milliseconds>(settings_.interval, kLookAtLog);
  MonotonicTime due = clock_.now();
  while (!dropped_ && !order_.given()) {
    const MonotonicTime now = clock_.now();
    if (waker_.woken() || now >= due) {
      beat(now);
      due = now + settings_.interval;
    }
    look();
    const auto left = std::max<MonotonicTime::duration>(due - clock_.now(), std::chrono::milliseconds(1));
    waker_.sleep(clock_, std::min<std::chrono::nanoseconds>(left, nap));
  }
}

void Heartbeat::beat(MonotonicTime now) {
  if (last_) {
    const std::lock_guard lock(mutex_);
    const auto late = std::chrono::duration_cast<std::chrono::milliseconds>(now - *last_) - settings_.interval;
    longest_pause_ = std::max(longest_pause_, late);
  }
  last_ = now;
  HeartbeatInfo info = collect_();
  info.claim = {leadership_.claim, leadership_.owner};
  info.counter = ++counter_;
  info.time = share_time(now);
  const auto bytes = encode(info, keys_.signer);
  const auto written =
      bytes ? share_->write_cell(CellKind::heartbeat, claim_cell(info.claim), *bytes) : tl::unexpected(bytes.error());
  if (!written) {
    spdlog::log(level_of(written.error()), "heartbeat: {}", to_string(written.error()));
  }
}

void Heartbeat::look() {
  if (auto by = passed_by(*share_, leadership_, keys_.trusted); by && *by) {
    order_.give((*by)->reason, (*by)->why);
  }
}

WallTime Heartbeat::share_time(MonotonicTime now) {
  if (!read_time_ || now - read_time_->first >= kReadTimeEvery) {
    if (const auto time = share_->now()) {
      read_time_ = {now, *time};
    }
  }
  return read_time_ ? read_time_->second + std::chrono::duration_cast<WallTime::duration>(now - read_time_->first)
                    : clock_.wall();
}

}  // namespace swarmout
