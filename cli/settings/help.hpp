// What --help says, from the settings alone.

#pragma once

#include "cli/settings/setting.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

/// What an exit status means, one sentence.
[[nodiscard]] std::string_view exit_statuses();

/// All verbs, with a sentence each.
[[nodiscard]] std::string program_help(const std::vector<Verb>& verbs);
/// One verb and its settings, by group.
[[nodiscard]] std::string verb_help(const Verb& verb);

}  // namespace swarmout
