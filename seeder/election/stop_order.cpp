#include "seeder/election/stop_order.hpp"

namespace swarmout {

StopOrder::StopOrder(std::stop_token outer)
    : outer_(std::move(outer), [this] { give(StopReason::asked, "stopped on request"); }) {}

void StopOrder::give(StopReason reason, std::string why) {
  {
    const std::lock_guard lock(mutex_);
    if (given_) {
      return;
    }
    given_ = Given{reason, std::move(why)};
  }
  source_.request_stop();
}

std::optional<StopOrder::Given> StopOrder::given() const {
  const std::lock_guard lock(mutex_);
  return given_;
}

Error error_of(const StopOrder::Given& order) {
  switch (order.reason) {
    case StopReason::asked:
      return {ErrorCode::temporary, order.why, {}};
    case StopReason::passed:
      return {ErrorCode::temporary, "FENCED: " + order.why + "; nothing was published by this host", {}};
    case StopReason::hindered:
      return {ErrorCode::refused, order.why + "; nothing was published under it",
              "somebody or something else writes to the share; find out who"};
    case StopReason::stalled:
      return {ErrorCode::temporary, order.why, "see what the export waits for; --stall-timeout says how long it may"};
    case StopReason::overtime:
      return {ErrorCode::temporary, order.why, "--max-runtime says how long a run may take"};
  }
  std::abort();
}

}  // namespace swarmout
