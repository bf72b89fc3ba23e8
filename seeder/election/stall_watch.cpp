#include "seeder/election/stall_watch.hpp"

#include <fmt/format.h>

namespace swarmout {

namespace {

bool waits_for_peers(Phase phase) {
  return phase == Phase::staged || phase == Phase::seeding;
}

}  // namespace

std::optional<std::chrono::milliseconds> StallWatch::saw(MonotonicTime now, const HeartbeatInfo& info) {
  const bool gap = !looked_ || now - *looked_ > 3 * interval_;
  looked_ = now;
  std::string progress = fmt::format("{} {}/{}/{}", name_of(info.phase), info.files, info.read, info.packed);
  if (gap || waits_for_peers(info.phase) || progress != progress_) {
    progress_ = std::move(progress);
    moved_ = now;
  }
  const auto still = std::chrono::duration_cast<std::chrono::milliseconds>(now - moved_);
  return still > timeout_ ? std::optional(still) : std::nullopt;
}

}  // namespace swarmout
