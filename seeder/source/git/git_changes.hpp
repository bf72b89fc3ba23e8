// The tree of a commit, told by how it differs from one that is a release already.

#pragma once

#include "seeder/source/git/git_mirror.hpp"
#include "seeder/source/source.hpp"

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

/// One path that differs.
struct GitChange {
  std::uint32_t old_mode = 0;  ///< 0: it was not there
  std::uint32_t mode = 0;      ///< 0: it is gone
  bool same_content = false;
  std::string hash;  ///< of the content that it has now
  std::string path;
};

/// Reads what `git diff-tree -r -z --raw --no-abbrev --no-renames` prints. Errors: refused: something else, or not in
/// the order of full paths: trees that are not sorted, of which it cannot be trusted.
[[nodiscard]] Result<std::vector<GitChange>> parse_git_changes(std::string_view printed);

struct GitStep {
  std::string before;         ///< a commit that is in the mirror
  std::string commit;         ///< another one
  bool submodules_then;       ///< `past` may have submodules, with or without what is in them
  bool empty_submodules_now;  ///< else what they pin is wanted, which a difference between two commits does not tell
};

/// As Source::stream_changes(); `past` is the tree of `before`. The caller holds the mirror's use.
[[nodiscard]] Result<bool> stream_git_changes(const GitMirror& mirror, const GitStep& step,
                                              const std::vector<Node>& past, TreeSink& sink, std::stop_token stop);

}  // namespace swarmout
