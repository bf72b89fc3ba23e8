// The share's clock, for whoever may only read there: asking it makes a file, so who must not write is not told.

#pragma once

#include "common/base/clock.hpp"
#include "common/share/share.hpp"

#include <functional>
#include <string>

namespace swarmout {

/// One thread.
class ReadersClock {
public:
  ReadersClock(Clock& own, std::function<void(const std::string&)> news) : own_(own), news_(std::move(news)) {}

  /// The share's; this host's, if nothing can be written there (no permission, read-only, full), which is said once: a
  /// wrong one means another slot, or hosts that seem to be silent. Errors: temporary: the share does not answer.
  [[nodiscard]] Result<WallTime> now(Share& share);

private:
  Clock& own_;
  std::function<void(const std::string&)> news_;
  bool said_ = false;
};

}  // namespace swarmout
