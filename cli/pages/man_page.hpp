// Manual pages, in roff, from the settings alone: swarmout(1), swarmout-VERB(1), swarmout.conf(5).

#pragma once

#include "cli/settings/setting.hpp"

#include <string>
#include <vector>

namespace swarmout {

[[nodiscard]] std::string program_man_page(const std::vector<Verb>& verbs);
[[nodiscard]] std::string verb_man_page(const Verb& verb);
[[nodiscard]] std::string config_man_page(const std::vector<Verb>& verbs);

}  // namespace swarmout
