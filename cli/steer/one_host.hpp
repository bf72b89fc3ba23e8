// rollback, hold and resume with --host: orders to the service of this host alone.

#pragma once

#include "cli/steer/steering.hpp"
#include "common/base/files.hpp"

#include <stop_token>
#include <string>

namespace swarmout {

struct HostTargetsOfOrders {
  bool here = false;  ///< --host
  Path state = kDefaultState;
  Path dest = kDefaultDest;
};
/// --host, --state, --dest. --share is required without --host only.
void add_host_order_settings(Verb& verb, HostTargetsOfOrders& to);
/// Errors: usage: neither --share nor --host.
[[nodiscard]] Result<void> needs_share(const SteerTargets& steer, const HostTargetsOfOrders& to);

// Each prints what it did.
/// `wanted`: as release_of_host() has it; what is not here is looked for on the share, if one is given.
[[nodiscard]] Result<void> roll_back_host(const SteerTargets& steer, const HostTargetsOfOrders& to,
                                          const std::string& wanted, const std::stop_token& stop);
[[nodiscard]] Result<void> hold_host(const SteerTargets& steer, const HostTargetsOfOrders& to);
[[nodiscard]] Result<void> resume_host(const HostTargetsOfOrders& to);

}  // namespace swarmout
