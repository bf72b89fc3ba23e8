// What the helper gives up. It reads what anybody may have put on the share, and needs nothing but the share and the
// socket that it was given; so that a fault in it is worth little, it keeps nothing else.

#pragma once

#include "common/base/files.hpp"

namespace swarmout {

/// No new privileges, no capabilities but the one to write a directory of another user (root keeps that only if it had
/// it), no core, no look from outside with ptrace(2). Before anything of the share is touched.
void give_up_privileges();

/// From now on this process opens, makes and removes files below `directory` only, uses no network, and signals nobody
/// (Landlock, Linux 5.13; network since 6.7, signals since 6.12). False: this kernel has no Landlock, or it is switched
/// off: nothing has changed. What is open stays open. `directory` is the one that is there now: one that is mounted at
/// its place later is outside.
[[nodiscard]] bool confine_to(int directory);

}  // namespace swarmout
