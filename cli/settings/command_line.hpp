// The words of a command line, taken apart. What they mean for the settings is decided in given.hpp.

#pragma once

#include "cli/settings/setting.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace swarmout {

struct CommandLine {
  std::string verb;  ///< empty: none, which is all right with help and version only
  bool help = false;
  bool version = false;
  std::optional<std::string> config;
  /// Name of a setting and what was given; of one that was given twice, the last: wrappers append what they override.
  std::vector<std::pair<std::string, std::string>> values;
  std::vector<std::string> rest{};  ///< of a verb that takes such: another program's words, as they are
};

/// `words`: without the name of the program. Errors: usage, with the nearest name for one that there is not.
[[nodiscard]] Result<CommandLine> parse_command_line(const std::vector<Verb>& verbs, std::vector<std::string> words);

}  // namespace swarmout
