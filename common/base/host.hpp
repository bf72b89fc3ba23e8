// What tells this host, and each thing it makes, from its clones.

#pragma once

#include <string>

namespace swarmout {

[[nodiscard]] std::string host_name();
/// Of this boot of the kernel; empty if it does not say.
[[nodiscard]] std::string boot_id();

/// 16 bytes from getrandom(2) mixed with boot id, clock, pid and network addresses: clones restored from
/// one memory snapshot share the state of the random generator until it is reseeded.
[[nodiscard]] std::string random_nonce_hex();

}  // namespace swarmout
