// Which source a spelling means, and what holds for all of them.

#pragma once

#include "seeder/source/git/git_trust.hpp"
#include "seeder/source/source.hpp"

namespace swarmout {

/// What is published although it is probably not what was meant, and what is not though it is.
struct SourceOptions {
  bool lfs_pointers = false;      ///< Git LFS pointers, and what stands for hg's largefiles, as they are
  bool empty_submodules = false;  ///< git submodules as empty directories; nothing for svn:externals and hg's subrepos
  GitTrust git_trust{};           ///< whom a git revision must be signed by
};

/// Whether it begins as a source does.
[[nodiscard]] bool may_be_source(std::string_view spec);

/// Where the `#` of `git+URL#ref` is, and of the others that can name a revision; npos: none is named.
[[nodiscard]] std::size_t place_of_revision(std::string_view spec);

/// `git+URL[#ref]`, `svn+URL[@PEG][#revision]`, `hg+URL[#revision]`, `dir:PATH`, `tar:COMMAND` or `imported`. `state`
/// is the state directory: a source may keep a mirror in it, or find there what was imported. No error of what it
/// returns shows a secret or has control characters. Errors: usage; not_found: nothing was imported.
[[nodiscard]] Result<std::unique_ptr<Source>> open_source(const std::string& spec, const Path& state,
                                                          const SourceOptions& options = {});

}  // namespace swarmout
