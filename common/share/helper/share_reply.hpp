// What a helper answers, checked: it reads what strangers may have written, and one that they have taken over answers
// what they want. What a share may not say, it may not say either.

#pragma once

#include "common/base/result.hpp"

#include <string_view>

namespace swarmout {

namespace wire {
class ShareCall;
class ShareReply;
}  // namespace wire

/// The reply to `call`. It is an error, or what was asked for: within the sizes of share.hpp, positions of entries in
/// the order and number that were asked for, names that are names, a time that is one. Errors: failed: it is not.
[[nodiscard]] Result<wire::ShareReply> read_reply(const wire::ShareCall& call, std::string_view bytes);

}  // namespace swarmout
