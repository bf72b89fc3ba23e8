// The helper's side of share_helper.hpp.

#pragma once

namespace swarmout {

/// Answers the calls that come over `socket` until the other side is gone. Returns the exit status.
int serve_share(int socket);

}  // namespace swarmout
