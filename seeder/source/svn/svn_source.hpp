// A Subversion directory: a working copy in the state directory, of which the files are read as the repository has
// them.
//
// Published is the tree of the revision, byte for byte: no keyword is expanded, no line end converted
// (docs/decisions/0073-svn-and-hg-as-they-are-stored.md).

#pragma once

#include "seeder/source/source.hpp"

namespace swarmout {

/// `location`: URL[@PEG][#REVISION]. A tree with svn:externals is refused, unless it is wanted `without_externals`.
/// Errors: usage: it is not such a location.
[[nodiscard]] Result<std::unique_ptr<Source>> make_svn_source(const std::string& location, const Path& state,
                                                              bool without_externals = false);

}  // namespace swarmout
