// How far the leader's work is: written by the work, read by the heartbeat's thread.

#pragma once

#include "common/base/endpoint.hpp"
#include "common/fleet/leader_record.hpp"
#include "common/pack/packer.hpp"
#include "seeder/source/source.hpp"
#include "seeder/spread.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace swarmout {

/// Any thread, but for when_told().
class WorkStatus {
public:
  PackProgress pack;

  /// Called, without a lock held, when something has changed that others should know at once. Set before any of it
  /// changes.
  void when_told(std::function<void(Phase)> tell) { tell_ = std::move(tell); }

  void phase(Phase phase);
  /// Where the release can be fetched from now on.
  void serving(const Endpoint& endpoint, const std::optional<Endpoint>& tracker);
  void spread(const Spread& spread);
  void served(const TransferReport& transfer, Bytes offered, double line_rate);

  /// While the result lives, what the source fetches counts as progress.
  [[nodiscard]] std::unique_ptr<WorkStatus, void (*)(WorkStatus*)> count(const Source& source);

  [[nodiscard]] HeartbeatInfo collect();

private:
  void tell(Phase phase) const;

  std::function<void(Phase)> tell_;
  std::mutex mutex_;
  HeartbeatInfo info_;
  const Source* source_ = nullptr;
};

}  // namespace swarmout
