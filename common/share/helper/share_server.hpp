// The helper's side of share_helper.hpp.

#pragma once

#include "common/share/share.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace swarmout {

/// What `share` answers to a call other than OPEN and INIT, both as they are sent. Nothing: this is no call.
[[nodiscard]] std::optional<std::string> answer_of(Share& share, std::string_view call);

/// Answers the calls that come over `socket` until the other side is gone. Returns the exit status.
int serve_share(int socket);

}  // namespace swarmout
