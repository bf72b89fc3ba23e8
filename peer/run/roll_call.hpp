// Which hosts live, and which release each is on, read again and again at little cost: a host that was seen on the
// release need not be looked at any more.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/peer_record.hpp"
#include "common/share/share.hpp"
#include "peer/run/gate.hpp"

#include <chrono>
#include <map>
#include <string>

namespace swarmout {

/// One thread.
class RollCall {
public:
  /// One listing, and a read of each record that was not seen on `goal` yet. `now`: by the share's clock. Errors: as
  /// Share::list_cells.
  [[nodiscard]] Result<FleetSight> call(Share& share, const Descriptor& goal, WallTime now);

  /// Between two calls, by how many there were at the last one.
  [[nodiscard]] std::chrono::milliseconds interval() const;

private:
  Digest goal_;
  std::map<std::string, PeerRecord> there_;  ///< by cell
  std::size_t listed_ = 0;
};

}  // namespace swarmout
