// Where things are on a host, unless its settings say something else. All clones of an image agree.

#pragma once

namespace swarmout {

inline constexpr const char* kDefaultKeys = "/etc/swarmout/keys";
inline constexpr const char* kDefaultState = "/var/lib/swarmout";
inline constexpr const char* kDefaultDest = "/srv/swarmout";

}  // namespace swarmout
