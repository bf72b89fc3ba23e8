// What shells complete of the command, from the settings alone: verbs, options, and the words that an option takes.

#pragma once

#include "cli/settings/setting.hpp"

#include <string>
#include <vector>

namespace swarmout {

[[nodiscard]] std::string bash_completion(const std::vector<Verb>& verbs);
[[nodiscard]] std::string zsh_completion(const std::vector<Verb>& verbs);
[[nodiscard]] std::string fish_completion(const std::vector<Verb>& verbs);

}  // namespace swarmout
