// The configuration file with every setting in it, explained and commented out: what a new host begins with.

#pragma once

#include "cli/settings/setting.hpp"

#include <string>
#include <vector>

namespace swarmout {

/// Settings of several verbs stand once, before the sections; each other one below the verb that has it. Without its
/// comments it says nothing: all is as it is by default.
[[nodiscard]] std::string commented_config(const std::vector<Verb>& verbs);

}  // namespace swarmout
