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
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace swarmout {

/// Looks up a variable; null if it is not set. An empty one counts as not set.
using Environment = std::function<const char*(const std::string&)>;

/// Puts the lines of `file` into all verbs that have the setting. What is wrong with them, by line.
[[nodiscard]] std::vector<ConfigMistake> config_mistakes(std::vector<Verb>& verbs, const std::vector<ConfigLine>& lines,
                                                         const std::string& file);
/// The same. Errors: the first of them.
[[nodiscard]] Result<void> take_config(std::vector<Verb>& verbs, const std::vector<ConfigLine>& lines,
                                       const std::string& file);

struct GivenValue {
  std::string text;
  std::string where;  ///< "/etc/swarmout.conf:12", "SWARMOUT_LINGER", "--linger"
  /// Lines may have moved.
  bool operator==(const GivenValue& other) const { return text == other.text; }
};
/// Of the settings of a verb, by name, what holds. What nobody gave is not in it.
using GivenValues = std::map<std::string, GivenValue>;

/// Of `--config`, else of SWARMOUT_CONFIG, else the default.
struct ConfigChoice {
  std::string file;
  std::string named_by;  ///< empty: nobody; it need not be there
};
[[nodiscard]] ConfigChoice config_choice(const std::optional<std::string>& option, const Environment& environment);
/// Errors: usage: as read_config(), and if it was named and is not there.
[[nodiscard]] Result<std::vector<ConfigLine>> read_chosen_config(const ConfigChoice& choice);

/// What lines of `file` and the environment give to `verb`, once the lines were taken. Errors: usage, for a variable.
[[nodiscard]] Result<GivenValues> given_to(const Verb& verb, const std::vector<ConfigLine>& lines,
                                           const std::string& file, const Environment& environment);

/// All sources, in their order, into the verb that the command line chose. Errors: usage, with what was wrong where;
/// also for a required setting that nobody gave. A verb that reads the file itself gets the other two only.
[[nodiscard]] Result<GivenValues> take_settings(std::vector<Verb>& verbs, const CommandLine& line,
                                                const Environment& environment);

/// A sentence for each variable whose name is nearly one of ours. `names`: all that are set.
[[nodiscard]] std::vector<std::string> doubtful_variables(const std::vector<Verb>& verbs,
                                                          const std::vector<std::string>& names);

}  // namespace swarmout
