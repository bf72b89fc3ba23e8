// How far the leader's work is: written by the work, read by the heartbeat's thread.

#pragma once

#include "common/live_records.hpp"
#include "common/log_entry.hpp"
#include "seeder/packer.hpp"
#include "seeder/staging.hpp"

#include <mutex>
#include <string>

namespace swarmout {

/// Any thread.
class WorkStatus {
public:
  PackProgress pack;

  void phase(std::string name) {
    const std::lock_guard lock(mutex_);
    info_.phase = std::move(name);
  }
  void endpoint(const Endpoint& endpoint) {
    const std::lock_guard lock(mutex_);
    info_.endpoint = endpoint;
  }
  void spread(const Spread& spread) {
    const std::lock_guard lock(mutex_);
    info_.copies = spread.complete;
    info_.peers = spread.live;
  }

  [[nodiscard]] HeartbeatInfo collect() {
    const std::lock_guard lock(mutex_);
    HeartbeatInfo info = info_;
    info.host = host_name();
    info.files = pack.files;
    info.read = pack.read;
    info.packed = pack.packed;
    return info;
  }

private:
  std::mutex mutex_;
  HeartbeatInfo info_;
};

}  // namespace swarmout
