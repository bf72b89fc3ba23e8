// Every setting of every verb, what holds, and where that was given: what `swarmout config` shows.

#pragma once

#include "cli/settings/given.hpp"

#include <string>
#include <vector>

namespace swarmout {

struct EffectiveSetting {
  std::string verb;  ///< empty: all verbs that have it, and it holds for all of them alike
  std::string name;
  std::string value;     ///< fit for a terminal; secrets in URLs are masked
  std::string where;     ///< "/etc/swarmout.conf:12", "SWARMOUT_LINGER", "default"
  bool missing = false;  ///< nobody gave it, and it must be given
};

/// Those that a file or the environment may give, what holds for several verbs first, then verb by verb. `lines`: taken
/// already, without a mistake. Errors: usage, for a variable.
[[nodiscard]] Result<std::vector<EffectiveSetting>> effective_settings(const std::vector<Verb>& verbs,
                                                                       const std::vector<ConfigLine>& lines,
                                                                       const std::string& file,
                                                                       const Environment& environment);

}  // namespace swarmout
