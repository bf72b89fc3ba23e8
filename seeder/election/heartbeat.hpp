// The pulse of a leader: a cell that says how far the work is. The same thread sees when the log has gone on without
// us.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/leader_record.hpp"
#include "common/share/share.hpp"
#include "seeder/election/election.hpp"
#include "seeder/election/stop_order.hpp"
#include "seeder/election/waker.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace swarmout {

struct HeartbeatSettings {
  std::chrono::milliseconds interval{10000};
  /// Without progress for this long the work is stopped: a wedged export must not keep a healthy pulse.
  std::chrono::milliseconds stall_timeout{std::chrono::minutes(15)};
};

/// Between two looks at the number after our CLAIM: one small read by one host of the fleet.
inline constexpr std::chrono::seconds kLookAtLog{2};

/// Who passed us, in words: an entry after our CLAIM that is not our COMMIT. It may be an ABANDON in our name, of
/// `swarmout abandon`, or what nobody has signed: either way nothing of ours can have that number any more. Nothing:
/// nobody, as far as can be seen. Errors: as Share::read.
[[nodiscard]] Result<std::optional<StopOrder::Given>> passed_by(Share& share, const Leadership& leadership,
                                                                const TrustedKeys& keys);

/// Beats from its own thread, on a share handle of its own, from construction until it is dropped or the order to stop
/// is given. Beats that fail are tried again at the next interval.
class Heartbeat {
public:
  /// `collect` fills in how far the work is, and must be safe to call from the heartbeat's thread; counter is set here.
  /// When another entry follows the CLAIM, `order` is given with reason `passed` or `hindered`. `clock` and `order`
  /// outlive this.
  Heartbeat(std::unique_ptr<Share> share, FleetKeys keys, Leadership leadership, HeartbeatSettings settings,
            Clock& clock, StopOrder& order, std::function<HeartbeatInfo()> collect);
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  /// What others should know has changed: beats now, not at the next interval. Any thread; does not wait.
  void beat_now() { waker_.wake(); }

  /// The longest time between two beats beyond the interval: the process was paused, or the share was away.
  [[nodiscard]] std::chrono::milliseconds longest_pause() const;

private:
  void run();
  void beat(MonotonicTime now);
  [[nodiscard]] WallTime share_time(MonotonicTime now);
  void look();

  std::unique_ptr<Share> share_;
  FleetKeys keys_;
  Leadership leadership_;
  HeartbeatSettings settings_;
  Clock& clock_;
  StopOrder& order_;
  std::function<HeartbeatInfo()> collect_;
  std::uint64_t counter_ = 0;
  std::optional<MonotonicTime> last_;
  std::optional<std::pair<MonotonicTime, WallTime>> read_time_;  ///< when the share was asked for its time, and that
  mutable std::mutex mutex_;
  std::chrono::milliseconds longest_pause_{0};
  std::atomic<bool> dropped_{false};
  Waker waker_;
  std::stop_callback<std::function<void()>> when_ordered_;
  std::thread thread_;
};

}  // namespace swarmout
