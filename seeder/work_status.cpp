#include "seeder/work_status.hpp"

#include "common/base/host.hpp"

namespace swarmout {

void WorkStatus::tell(Phase phase) const {
  if (tell_) {
    tell_(phase);
  }
}

void WorkStatus::phase(Phase phase) {
  {
    const std::lock_guard lock(mutex_);
    if (info_.phase == phase) {
      return;
    }
    info_.phase = phase;
  }
  tell(phase);
}

void WorkStatus::serving(const Endpoint& endpoint, const std::optional<Endpoint>& tracker) {
  const Phase phase = [&] {
    const std::lock_guard lock(mutex_);
    info_.endpoint = endpoint;
    info_.tracker = tracker;
    return info_.phase;
  }();
  tell(phase);
}

void WorkStatus::spread(const Spread& spread) {
  const std::lock_guard lock(mutex_);
  info_.copies = spread.complete;
  info_.peers = spread.live;
}

void WorkStatus::served(const TransferReport& transfer, Bytes offered, double line_rate) {
  const std::lock_guard lock(mutex_);
  info_.traffic = transfer.traffic;
  info_.offered = offered;
  info_.line_rate = line_rate;
}

std::unique_ptr<WorkStatus, void (*)(WorkStatus*)> WorkStatus::count(const Source& source) {
  const std::lock_guard lock(mutex_);
  source_ = &source;
  return {this, [](WorkStatus* status) {
            const std::lock_guard unlock(status->mutex_);
            status->source_ = nullptr;
          }};
}

HeartbeatInfo WorkStatus::collect() {
  const std::lock_guard lock(mutex_);
  HeartbeatInfo info = info_;
  info.host = host_name();
  info.files = pack.files;
  info.read = pack.read;
  if (info.read == 0 && source_ != nullptr) {
    info.read = source_->fetched();  // before anything is read of it
  }
  info.packed = pack.packed;
  return info;
}

}  // namespace swarmout
