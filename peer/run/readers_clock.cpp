#include "peer/run/readers_clock.hpp"

#include <fmt/format.h>

namespace swarmout {

Result<WallTime> ReadersClock::now(Share& share) {
  auto time = share.now();
  if (time || time.error().code != ErrorCode::cannot_write) {
    return time;
  }
  if (!said_) {
    said_ = true;
    news_(fmt::format("this host's clock counts, as the share's cannot be asked: {}", time.error().message));
  }
  return own_.wall();
}

}  // namespace swarmout
