// How svn is run, and what of the caller's settings it sees.
//
// What talks to a server works as the caller's own svn would: stored passwords, certificates, proxies and tunnels of
// ~/.subversion and /etc/subversion. Nothing is written there, and nothing asks. What reads the working copy sees
// none of it (docs/decisions/0073-svn-and-hg-as-they-are-stored.md).

#pragma once

#include "seeder/source/svn/svn_location.hpp"
#include "seeder/source/tool.hpp"

#include <stop_token>
#include <string>
#include <vector>

namespace swarmout {

/// Where svn runs.
struct SvnPlace {
  Path directory;     ///< it is there
  Path own_settings;  ///< an empty directory, in place of ~/.subversion
  int lock = -1;      ///< held until all of it has ended
};

/// A command that talks to the server. Errors: as run_tool().
[[nodiscard]] Result<ToolOutcome> run_svn_on_server(const SvnPlace& place, const SvnLocation& location,
                                                    std::vector<std::string> arguments, std::stop_token stop,
                                                    const TakeOutput& take = {});

/// A command on the working copy in `place`. Errors: as run_tool().
[[nodiscard]] Result<ToolOutcome> run_svn_here(const SvnPlace& place, std::vector<std::string> arguments,
                                               std::stop_token stop, const TakeOutput& take = {});

/// Whether svn says that this revision, or the path in it, is not there.
[[nodiscard]] bool says_not_there(const ToolOutcome& outcome);
/// Whether svn complains of the working copy, not of the server: it is of another repository, locked or damaged.
[[nodiscard]] bool blames_working_copy(const ToolOutcome& outcome);

}  // namespace swarmout
