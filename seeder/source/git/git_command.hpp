// How git is run, and what of the caller's settings it sees.
//
// What talks to upstream works as the caller's own git would: credential helpers, askpass, ssh settings, proxies,
// certificates, rewritten URLs. What reads the mirror sees nothing of the host's or the caller's settings, so that the
// same commit gives the same tree everywhere (docs/decisions/0033-the-tree-of-the-commit.md).

#pragma once

#include "common/base/subprocess.hpp"
#include "seeder/source/tool.hpp"

#include <stop_token>
#include <string>
#include <vector>

namespace swarmout {

/// Who says where a repository is.
enum class GitUrlOf {
  caller,
  superproject,        ///< on its own server; by what git lets a superproject use
  local_superproject,  ///< which is on this host, and may name files of this host
  stranger,  ///< on another server: whoever may commit has named it, and what is not told the host must not be asked
};

/// Where git runs: in a directory that is no repository, nor in one, as far as git looks.
struct GitPlace {
  Path directory;
  int lock = -1;  ///< held until all of it has ended
  GitUrlOf url_of = GitUrlOf::caller;
};

/// A command on the mirror that only reads or keeps it.
[[nodiscard]] Command mirror_command(const GitPlace& place, const Path& mirror, std::vector<std::string> arguments);

/// A command that talks to upstream. `mirror` may be empty.
[[nodiscard]] Command transport_command(const GitPlace& place, const Path& mirror, std::vector<std::string> arguments,
                                        std::stop_token stop);

using GitOutcome = ToolOutcome;

/// Errors: as Subprocess; refused, if it prints more than 256 MiB.
[[nodiscard]] Result<GitOutcome> run_git(const Command& command, std::stop_token stop);

/// The failure of a git that did not end with 0: cannot_write, with `mirror`, if its disk is full or may not be
/// written; else failed. `what` says what could not be done.
[[nodiscard]] Error git_failure(const GitOutcome& outcome, const std::string& what, const Path& mirror);

}  // namespace swarmout
