// All files, links and submodules of a commit, as `git ls-tree` lists them.

#pragma once

#include "seeder/source/git/git_mirror.hpp"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

namespace swarmout {

inline constexpr std::uint32_t kGitKindOfMode = 0170000;
inline constexpr std::uint32_t kGitFileMode = 0100000;
inline constexpr std::uint32_t kGitLinkMode = 0120000;
inline constexpr std::uint32_t kGitSubmoduleMode = 0160000;

/// One of them, as long as the call lasts.
struct GitListed {
  std::uint32_t mode = 0;
  std::string_view hash;
  Bytes size = 0;  ///< of files and links, if it was asked for
  std::string_view path;

  [[nodiscard]] bool is_file() const { return (mode & kGitKindOfMode) == kGitFileMode; }
  [[nodiscard]] bool is_submodule() const { return (mode & kGitKindOfMode) == kGitSubmoduleMode; }
};

enum class GitSizes { wanted, not_wanted };

/// In git's order; sizes cost a look at each object. The caller holds the mirror's use, and the commit is here. Errors:
/// failed; refused: git lists something else than expected; temporary; what `visit` returned.
[[nodiscard]] Result<void> list_git_tree(const GitMirror& mirror, const std::string& commit, GitSizes sizes,
                                         const std::function<Result<void>(const GitListed&)>& visit,
                                         std::stop_token stop);

}  // namespace swarmout
