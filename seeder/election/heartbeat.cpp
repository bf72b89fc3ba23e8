#include "seeder/election/heartbeat.hpp"

#include "common/fleet/log_entry.hpp"
#include "seeder/election/publish.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace swarmout {

Result<std::optional<std::string>> passed_by(Share& share, const Leadership& leadership) {
  TRY_ASSIGN(const auto bytes, share.read(leadership.claim.next()));
  if (!bytes) {
    return std::nullopt;
  }
  const auto entry = decode_entry(*bytes);
  const bool ours = entry && entry->owner == leadership.owner;
  if (ours && entry->kind == EntryKind::commit) {
    return std::nullopt;
  }
  return fmt::format("epoch {} was {} by {}", leadership.claim.value, ours ? "abandoned" : "taken over",
                     who_wrote(*bytes));
}

Heartbeat::Heartbeat(std::unique_ptr<Share> share, Leadership leadership, HeartbeatSettings settings, Clock& clock,
                     StopOrder& order, std::function<HeartbeatInfo()> collect)
    : share_(std::move(share)),
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
  info.counter = ++counter_;
  const std::string cell = claim_cell(leadership_.claim, leadership_.owner);
  if (const auto written = share_->write_cell(CellKind::heartbeat, cell, encode(info)); !written) {
    spdlog::warn("heartbeat: {}", to_string(written.error()));
  }
}

void Heartbeat::look() {
  if (auto by = passed_by(*share_, leadership_); by && *by) {
    order_.give(StopReason::passed, **std::move(by));
  }
}

}  // namespace swarmout
