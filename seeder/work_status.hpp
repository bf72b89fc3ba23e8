// How far the leader's work is: written by the work, read by the heartbeat's thread.

#pragma once

#include "common/base/host.hpp"
#include "common/fleet/leader_record.hpp"
#include "common/fleet/log_entry.hpp"
#include "seeder/pack/packer.hpp"
#include "seeder/source/source.hpp"
#include "seeder/staging.hpp"

#include <memory>
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
  void serving(const Serving& serving) {
    const std::lock_guard lock(mutex_);
    info_.endpoint = serving.session->endpoint();
    info_.tracker = serving.tracker_endpoint();
  }
  void spread(const Spread& spread) {
    const std::lock_guard lock(mutex_);
    info_.copies = spread.complete;
    info_.peers = spread.live;
  }

  void served(const TransferReport& transfer, Bytes offered, double line_rate) {
    const std::lock_guard lock(mutex_);
    info_.traffic = transfer.traffic;
    info_.offered = offered;
    info_.line_rate = line_rate;
  }

  /// While the result lives, what the source fetches counts as progress.
  [[nodiscard]] auto count(const Source& source) {
    const std::lock_guard lock(mutex_);
    source_ = &source;
    return std::unique_ptr<WorkStatus, void (*)(WorkStatus*)>(this, [](WorkStatus* status) {
      const std::lock_guard unlock(status->mutex_);
      status->source_ = nullptr;
    });
  }

  [[nodiscard]] HeartbeatInfo collect() {
    const std::lock_guard lock(mutex_);
    HeartbeatInfo info = info_;
    info.host = host_name();
    info.files = pack.files;
    info.read = source_ != nullptr ? source_->fetched() : pack.read.load();
    info.packed = pack.packed;
    return info;
  }

private:
  std::mutex mutex_;
  HeartbeatInfo info_;
  const Source* source_ = nullptr;
};

}  // namespace swarmout
