// Named places where a test makes a real process die or freeze: SWARMOUT_FAILPOINT=after-claim:kill.
//
// Costs one look at an environment variable that is not there.

#pragma once

#include <string_view>

namespace swarmout {

/// If SWARMOUT_FAILPOINT is "NAME:kill" or "NAME:stop", sends this process SIGKILL or SIGSTOP here; "NAME:hang": this
/// thread goes no further, as one that is blocked in a system call.
void failpoint(std::string_view name);

}  // namespace swarmout
