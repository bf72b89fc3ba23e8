// What settings were given where, and which of them holds: a flag before the environment, that before the verb's
// section of the configuration file, that before the file's top.
//
// All that was given is looked at, also what does not hold in the end, and the file as a whole, whatever the verb: a
// file is right or it is an error, on all hosts and for all verbs alike.

#pragma once

#include "cli/settings/command_line.hpp"
#include "cli/settings/config_file.hpp"
#include "cli/settings/setting.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace swarmout {

/// Looks up a variable; null if it is not set. An empty one counts as not set.
using Environment = std::function<const char*(const std::string&)>;

/// Puts the lines of `file` into all verbs that have the setting. Errors: usage, with file and line.
[[nodiscard]] Result<void> take_config(std::vector<Verb>& verbs, const std::vector<ConfigLine>& lines,
                                       const std::string& file);

/// All sources, in their order, into the verb that the command line chose. Errors: usage, with what was wrong where;
/// also for a required setting that nobody gave.
[[nodiscard]] Result<void> take_settings(std::vector<Verb>& verbs, const CommandLine& line,
                                         const Environment& environment);

/// A sentence for each variable whose name is nearly one of ours. `names`: all that are set.
[[nodiscard]] std::vector<std::string> doubtful_variables(const std::vector<Verb>& verbs,
                                                          const std::vector<std::string>& names);

}  // namespace swarmout
