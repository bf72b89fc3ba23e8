// What a host's swarm settings still need when all settings are known: its address, and the fleet's certificate.

#pragma once

#include "cli/settings/kinds.hpp"
#include "common/base/result.hpp"
#include "common/swarm/swarm_options.hpp"

#include <string>

namespace swarmout {

struct ListenWishes {
  ListenAt listen;
  bool tls = false;
};

/// Puts address, port and certificate into `swarm`: an address that was not given is the one that reaches the share's
/// server, else that of the default route, else loopback. Errors: not_found: there is no certificate in `keys`.
[[nodiscard]] Result<void> apply_wishes(const ListenWishes& wishes, const std::string& share, const Path& keys,
                                        SwarmSettings& swarm);

}  // namespace swarmout
