// How hg is run, and what of the caller's settings it sees.
//
// What reads the mirror sees no settings at all: no hgrc of the host, the user or a repository, no extension, hook or
// alias. What talks to upstream sees, of the caller's settings, those that are about reaching it: [auth],
// [hostsecurity], [hostfingerprints], [http], [http_proxy], web.cacerts, ui.ssh, ui.remotecmd, ui.timeout. They and the
// URL reach hg by a file in memory, so that no secret is in a list of processes or on a disk. Only to say what they
// are, hg loads the caller's hgrc itself, with its extensions.

#pragma once

#include "seeder/source/hg/hg_location.hpp"
#include "seeder/source/tool.hpp"

#include <stop_token>
#include <string>
#include <vector>

namespace swarmout {

inline constexpr const char* kHgPackage = "mercurial";

/// Where hg runs.
struct HgPlace {
  Path directory;   ///< it is there
  Path repository;  ///< the mirror
  int lock = -1;    ///< held until all of it has ended
};

/// A command on the mirror.
[[nodiscard]] Command hg_command(const HgPlace& place, std::vector<std::string> arguments);

/// The same, to its end. Errors: as run_tool().
[[nodiscard]] Result<ToolOutcome> run_hg_here(const HgPlace& place, std::vector<std::string> arguments,
                                              std::stop_token stop, const TakeOutput& take = {});

/// A command that talks to the repository, which is its last argument. The mirror is there. Errors: as run_tool().
[[nodiscard]] Result<ToolOutcome> run_hg_on_upstream(const HgPlace& place, const HgLocation& location,
                                                     std::vector<std::string> arguments, std::stop_token stop,
                                                     const TakeOutput& take = {});

}  // namespace swarmout
