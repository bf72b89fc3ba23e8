// A git repository: a small mirror in the state directory, `git archive` as a stream.
//
// Published is the tree of the commit, byte for byte: no attribute of the tree or the host changes it
// (docs/decisions/0033-the-tree-of-the-commit.md). In their places are what submodules pin and what Git LFS pointers
// stand for (docs/decisions/0074-submodules-and-lfs-content.md).

#pragma once

#include "seeder/source/git/git_trust.hpp"
#include "seeder/source/source.hpp"

namespace swarmout {

/// What is published as it is in the commit, without what it stands for; and who must have signed it.
struct GitOptions {
  bool lfs_pointers = false;
  bool empty_submodules = false;  ///< as empty directories
  GitTrust trust{};
};

/// `location`: URL[#ref]. A revision that nobody has signed who must is refused when it is resolved. Errors: usage, for
/// a URL or ref that git would take for an option; those of check_trust().
[[nodiscard]] Result<std::unique_ptr<Source>> make_git_source(const std::string& location, const Path& state,
                                                              GitOptions options = {});

}  // namespace swarmout
