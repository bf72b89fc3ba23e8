// A git repository: a small mirror in the state directory, `git archive` as a stream.
//
// Published is the tree of the commit, byte for byte: no attribute of the tree or the host changes it
// (docs/decisions/0033-the-tree-of-the-commit.md).

#pragma once

#include "seeder/source/git/git_trust.hpp"
#include "seeder/source/source.hpp"

namespace swarmout {

/// `location`: URL[#ref]. A commit with submodules is refused, unless they are to be `empty_submodules`, and a revision
/// that nobody has signed who must, when it is resolved. Errors: usage, for a URL or ref that git would take for an
/// option; those of check_trust().
[[nodiscard]] Result<std::unique_ptr<Source>> make_git_source(const std::string& location, const Path& state,
                                                              bool empty_submodules = false, GitTrust trust = {});

}  // namespace swarmout
