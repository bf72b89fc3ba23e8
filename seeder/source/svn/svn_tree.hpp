// What a working copy has, by what svn says of it: no file is read.

#pragma once

#include "seeder/source/content_ids.hpp"
#include "seeder/source/svn/svn_command.hpp"

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace swarmout {

struct SvnNode {
  std::string path;
  bool directory = false;
  bool executable = false;  ///< svn:executable
  bool special = false;     ///< svn:special: a link, if its content says so
  ContentId content{};      ///< SHA-1 of a file, as it is in the repository
};

struct SvnTree {
  std::vector<SvnNode> nodes;          ///< sorted by path, without the root
  std::vector<std::string> externals;  ///< directories that have svn:externals, sorted; "." is the root
};

/// `place` is the working copy. Nullopt: not all of it is at `revision`, or it has something that no update leaves.
/// Errors: failed; refused: svn prints something else than it should; temporary: stopped.
[[nodiscard]] Result<std::optional<SvnTree>> list_svn_tree(const SvnPlace& place, const std::string& revision,
                                                           std::stop_token stop);

}  // namespace swarmout
