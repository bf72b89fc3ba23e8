#include "seeder/closing_line.hpp"

#include "common/base/duration.hpp"
#include "common/fleet/peer_record.hpp"

#include <fmt/format.h>

namespace swarmout {

std::string closing_line(const Descriptor& release, const Spread& spread, const Traffic& traffic, double line_rate) {
  const auto sent = static_cast<double>(traffic.out());
  std::string line = fmt::format(
      "published {} as release {}; {} of {} live peers are on it, {:.1f} MiB sent ({:.2f} copies)", release.revision,
      release.position.value, spread.active, spread.live, sent / kMiB, sent / static_cast<double>(release.packed_size));
  if (spread.slowest) {
    const PeerRecord& slowest = *spread.slowest;
    line += fmt::format("; the slowest had it after {}", to_text(*slowest.fetched_in));
    if (const auto times = times_bound(*slowest.fetched_in, slowest.needed(), line_rate)) {
      line += fmt::format(", {:.2f} times the bound at {:.1f} MiB/s", *times, line_rate / kMiB);
    }
  }
  return line;
}

}  // namespace swarmout
