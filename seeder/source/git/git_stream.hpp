// The tree of a commit as a stream, with submodules and Git LFS content in their places.

#pragma once

#include "seeder/source/git/git_modules.hpp"
#include "seeder/source/source.hpp"

#include <stop_token>

namespace swarmout {

/// What is in a submodule comes where its paths belong among the others: files are given in the order of full paths, as
/// those of one repository are. `lfs`: pointers are replaced by what they stand for. The caller holds the use of the
/// topmost mirror. Errors: as Source::stream().
[[nodiscard]] Result<void> stream_git_tree(const GitTree& tree, bool lfs, TreeSink& sink, std::stop_token stop);

}  // namespace swarmout
