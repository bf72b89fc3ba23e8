// What came of a simulated run.

#pragma once

#include "common/base/units.hpp"
#include "tests/sim/event_queue.hpp"

#include <string>
#include <vector>

namespace swarmout::sim {

struct Report {
  std::vector<double> seconds;       ///< when each host was complete, sorted; fewer than hosts if time was up
  double bound = 0;                  ///< F/u, in seconds
  double copies = 0;                 ///< blocks the seeder sent, as a multiple of the payload
  double all_out = 0;                ///< when every block had left the seeder and arrived somewhere
  double waste = 0;                  ///< blocks a host received in vain, as a share of the payload, on average
  double control = 0;                ///< share of the bytes on the wire that were no blocks
  double haves = 0;                  ///< of the payload of those, HAVE messages, as a share of all bytes on the wire
  double have_mb = 0;                ///< in all
  double refused = 0;                ///< requests that the seeder refused, as a multiple of the payload's blocks
  std::size_t connections = 0;       ///< at the most, in all
  std::size_t most_connections = 0;  ///< of one clone
  std::uint64_t events = 0;

  [[nodiscard]] double first() const { return seconds.empty() ? 0 : seconds.front() / bound; }
  [[nodiscard]] double median() const { return seconds.empty() ? 0 : seconds[seconds.size() / 2] / bound; }
  [[nodiscard]] double last() const { return seconds.empty() ? 0 : seconds.back() / bound; }
};

}  // namespace swarmout::sim
