// Named places where a test makes a real process die or freeze: SWARMOUT_FAILPOINT=after-claim:kill.
//
// In the program that is shipped they do nothing, and the variable is not looked at. Tests run the same program with
// tests/support/failpoint.cpp in it, which takes the place of what is here: build/testing/swarmout.

#pragma once

#include <string>
#include <string_view>

namespace swarmout {

/// In tests: if SWARMOUT_FAILPOINT is "NAME:kill" or "NAME:stop", sends this process SIGKILL or SIGSTOP here;
/// "NAME:hang": this thread goes no further, as one that is blocked in a system call. "NAME:kill:3": the third time.
void failpoint(std::string_view name);

/// The variable as a process that is started is to get it: "SWARMOUT_FAILPOINT=…". Empty: it is not set, or not for us.
[[nodiscard]] std::string failpoint_variable();

}  // namespace swarmout
