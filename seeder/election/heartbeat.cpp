#include "seeder/election/heartbeat.hpp"

#include "common/fleet/leader_record.hpp"

#include <spdlog/spdlog.h>

namespace swarmout {

namespace {

/// What must change for the work to count as moving. Waiting for peers is not work, so `staged` always moves.
std::string progress_of(const HeartbeatInfo& info) {
  return info.phase + std::to_string(info.files) + '/' + std::to_string(info.read) + '/' + std::to_string(info.packed);
}

}  // namespace

Heartbeat::Heartbeat(std::unique_ptr<Share> share, std::string cell, HeartbeatSettings settings,
                     std::function<HeartbeatInfo()> collect)
    : share_(std::move(share)),
      cell_(std::move(cell)),
      settings_(settings),
      collect_(std::move(collect)),
      thread_([this](std::stop_token stop) { run(std::move(stop)); }) {}

Heartbeat::~Heartbeat() {
  thread_.request_stop();
  thread_.join();
}

std::chrono::milliseconds Heartbeat::longest_pause() const {
  const std::lock_guard lock(mutex_);
  return longest_pause_;
}

void Heartbeat::run(std::stop_token stop) {
  Clock& clock = system_clock();
  std::uint64_t counter = 0;
  std::string progress;
  MonotonicTime moved = clock.now();
  MonotonicTime last = moved;
  bool warned = false;
  do {
    const MonotonicTime now = clock.now();
    {
      const std::lock_guard lock(mutex_);
      const auto late = std::chrono::duration_cast<std::chrono::milliseconds>(now - last) - settings_.interval;
      longest_pause_ = std::max(longest_pause_, late);
    }
    last = now;
    HeartbeatInfo info = collect_();
    const bool waiting = info.phase == "staged" || info.phase == "seeding";
    if (const std::string current = progress_of(info); waiting || current != progress) {
      progress = current;
      moved = now;
    }
    if (now - moved > settings_.stall_timeout) {
      if (!std::exchange(warned, true)) {
        spdlog::error("nothing has moved for {} min; the heartbeat is withheld so that another host can take over",
                      std::chrono::duration_cast<std::chrono::minutes>(now - moved).count());
      }
      continue;
    }
    info.counter = ++counter;
    if (const auto written = share_->write_cell(CellKind::heartbeat, cell_, encode(info)); !written) {
      spdlog::warn("heartbeat: {}", to_string(written.error()));
    }
  } while (clock.sleep(settings_.interval, stop));
}

}  // namespace swarmout
