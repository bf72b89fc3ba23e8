// What tells this host, and each thing it makes, from its clones; and where it keeps things.

#pragma once

#include <string>
#include <string_view>

namespace swarmout {

[[nodiscard]] std::string host_name();
/// The user who runs this, and who became that user by sudo: "ann as root". For what others read of who has done it.
/// Not while other threads may run.
[[nodiscard]] std::string this_person();
/// Of this boot of the kernel; empty if it does not say.
[[nodiscard]] std::string boot_id();

/// 16 bytes from getrandom(2) mixed with boot id, clock, pid and network addresses: clones restored from
/// one memory snapshot share the state of the random generator until it is reseeded.
[[nodiscard]] std::string random_nonce_hex();
/// Whether `text` could be one: 32 lower-case hexadecimal digits.
[[nodiscard]] bool is_nonce_hex(std::string_view text);

// Where things are on a host, unless its settings say something else. All clones of an image agree.

inline constexpr const char* kDefaultKeys = "/etc/swarmout/keys";
inline constexpr const char* kDefaultState = "/var/lib/swarmout";
inline constexpr const char* kDefaultDest = "/srv/swarmout";

}  // namespace swarmout
