// Which hosts can have a release, and which are on it, by their records on the share.

#pragma once

#include "common/base/clock.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/fleet/registry.hpp"
#include "common/release/descriptor.hpp"
#include "common/share/share.hpp"

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

namespace swarmout {

struct Reach {
  std::size_t live = 0;
  std::vector<std::string> has;         ///< every byte of it: hosts, as people know them
  std::vector<std::string> on;          ///< it is active there
  std::vector<std::string> held_back;   ///< it is not, and will not be by itself: the host says why
  std::vector<std::string> laggards{};  ///< it is not yet
  std::string overruled{};              ///< the fleet is not to be on it any more: who has said what since; or empty
  [[nodiscard]] bool all() const { return overruled.empty() && on.size() == live; }
};
[[nodiscard]] Reach reach_of(const std::vector<SeenPeer>& peers, const Descriptor& release);

/// By all records on the share. Errors: what it fails with.
[[nodiscard]] Result<Reach> reach_on(Share& share, const Descriptor& release);

/// Which release the fleet is to be on, and where the log says so.
struct Said {
  LogReader& log;
  Position commit;
};
/// Until there is no laggard, somebody has said something else after `said`, or `patience` is over; what it was then.
/// Errors: temporary: stopped; the share does not answer.
[[nodiscard]] Result<Reach> wait_for_laggards(Share& share, Clock& clock, const Said& said, const Descriptor& release,
                                              std::chrono::milliseconds patience, const std::stop_token& stop);

/// "web01, web02 and 17 more".
[[nodiscard]] std::string some_of(const std::vector<std::string>& hosts);

}  // namespace swarmout
