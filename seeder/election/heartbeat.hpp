// The pulse of a leader: a cell that changes as long as the work itself moves on.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/leader_record.hpp"
#include "common/share/share.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace swarmout {

struct HeartbeatSettings {
  std::chrono::milliseconds interval{10000};
  /// Without progress for this long no beats are written: a wedged export must not keep a healthy pulse.
  std::chrono::milliseconds stall_timeout{std::chrono::minutes(15)};
};

/// Beats from its own thread, on a share handle of its own, from construction to destruction. Beats that fail are tried
/// again at the next interval; nobody kills the work for it, since the log fences.
class Heartbeat {
public:
  /// `collect` fills in how far the work is, and must be safe to call from the heartbeat's thread; counter is set here.
  Heartbeat(std::unique_ptr<Share> share, std::string cell, HeartbeatSettings settings,
            std::function<HeartbeatInfo()> collect);
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  /// The longest time between two beats beyond the interval: the process was paused, or the share was away.
  [[nodiscard]] std::chrono::milliseconds longest_pause() const;

private:
  void run(std::stop_token stop);

  std::unique_ptr<Share> share_;
  std::string cell_;
  HeartbeatSettings settings_;
  std::function<HeartbeatInfo()> collect_;
  mutable std::mutex mutex_;
  std::chrono::milliseconds longest_pause_{0};
  std::jthread thread_;
};

}  // namespace swarmout
