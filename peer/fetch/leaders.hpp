// Who leads, and who published a release: the two hosts that have it for certain, as long as they are there.

#pragma once

#include "common/fleet/log_view.hpp"
#include "common/release/signing.hpp"
#include "common/share/share.hpp"
#include "peer/fetch/follow.hpp"

#include <optional>

namespace swarmout {

struct Leaders {
  Wanted known;                     ///< for Contacts; nothing in it is wanted
  std::optional<Endpoint> another;  ///< the publisher, if it is not the one that leads
};

/// The publisher may serve on after another host has begun to lead.
[[nodiscard]] Leaders leaders(Share& share, const LogView& log, Position release, const TrustedKeys& keys);

}  // namespace swarmout
