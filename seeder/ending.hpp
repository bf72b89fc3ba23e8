// How a claim ends without a publication: an ABANDON, once, by whoever comes first, and its cells off the share.

#pragma once

#include "common/share/share.hpp"
#include "seeder/election/stop_order.hpp"
#include "seeder/epoch.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

namespace swarmout {

/// Of a call to the share by somebody who was told to stop: systemd, timeout(1) and people wait for a few seconds.
inline constexpr std::chrono::milliseconds kEndingPatience{2000};

/// Any thread, but for tidy().
class ClaimEnd {
public:
  /// Both outlive this.
  ClaimEnd(const Epoch& epoch, const StopOrder& order) : epoch_(epoch), order_(order) {}

  /// The right to put the one entry that ends the claim: whoever gets true. If nobody knows what came of it, it may yet
  /// appear, and no other may be put.
  [[nodiscard]] bool take() { return !taken_.exchange(true); }

  /// The work failed: an ABANDON, unless somebody has the right already.
  void work_failed(const std::string& why);
  /// The work was told to stop, and may take long to come back: the same at once, on a handle of its own.
  void stop_ordered(const StopOrder::Given& order);
  /// Takes off the share what only this claim needed. What fails does no harm: it ages away.
  void tidy();

private:
  [[nodiscard]] Result<std::unique_ptr<Share>> hurried_share() const;
  void put_abandon(Share& share, const std::string& why, std::chrono::milliseconds patience) const;

  const Epoch& epoch_;
  const StopOrder& order_;
  std::atomic<bool> taken_{false};
};

}  // namespace swarmout
