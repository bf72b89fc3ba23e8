// A Mercurial repository: a mirror in the state directory, `hg archive` as a stream.
//
// Published is the tree of the changeset, byte for byte: no filter, extension or setting changes it, and nothing is
// added to it (docs/decisions/0073-svn-and-hg-as-they-are-stored.md).

#pragma once

#include "seeder/source/source.hpp"

namespace swarmout {

/// What is published although it is not what it stands for.
struct HgOptions {
  bool without_subrepositories = false;  ///< nothing in their places
  bool largefile_pointers = false;       ///< .hglf/ as it is
};

/// `location`: URL[#REVISION]. A changeset with subrepositories or largefiles is refused, unless an option wants it.
/// Errors: usage: for a URL or revision that is none.
[[nodiscard]] Result<std::unique_ptr<Source>> make_hg_source(const std::string& location, const Path& state,
                                                             const HgOptions& options = {});

}  // namespace swarmout
