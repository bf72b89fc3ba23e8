// The submodules of a commit: where they are, and a mirror of each repository among them.
//
// A submodule is what the commit pins, from where .gitmodules of the same commit says (git_url.hpp has the rules);
// submodules of submodules likewise. Mirrors lie in one directory, named by their URLs, and go when the commit that is
// wanted does not need them.
//
// Threads: one, but for size().

#pragma once

#include "seeder/source/git/git_mirror.hpp"

#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace swarmout {

/// A repository that at least one submodule is of.
struct GitModule {
  GitMirror mirror;
  std::weak_ptr<GitMirror::Use> used{};
  std::vector<std::string> commits{};  ///< that are wanted of it, each once, and are here

  /// While it lives, the mirror is ours; several may.
  [[nodiscard]] Result<std::shared_ptr<GitMirror::Use>> use(std::stop_token stop);
};

/// A commit, and what its submodules are.
struct GitTree {
  std::string path;  ///< in the tree above; of the topmost one empty
  const GitMirror* mirror = nullptr;
  std::string commit;
  GitModule* module = nullptr;      ///< whose mirror it is; null: the topmost one
  std::vector<GitTree> submodules;  ///< sorted by path with a '/' behind it: the order of what is in them
};

class GitModules {
public:
  explicit GitModules(Path directory) : directory_(std::move(directory)) {}

  /// Makes sure that all submodules of the commit, which is in `top`, are here, and that mirrors of others are not. The
  /// result is good until the next call. The caller holds the use of `top`.
  ///
  /// Errors, which name the submodule and its URL: refused: .gitmodules says nothing about it, or what it must not; its
  /// repository has no such commit; they are nested deeper than 16, or more than 10,000. Else as GitMirror::bring().
  [[nodiscard]] Result<GitTree> bring(const GitMirror& top, const std::string& commit, std::stop_token stop);
  /// Removes all mirrors. Never an error of an export.
  void forget();

  [[nodiscard]] const std::map<std::string, std::unique_ptr<GitModule>>& modules() const { return modules_; }
  /// Bytes of all mirrors. Any thread.
  [[nodiscard]] Bytes size() const;

private:
  [[nodiscard]] Result<void> bring_into(GitTree& tree, const std::string& above, std::size_t depth,
                                        std::stop_token stop);
  [[nodiscard]] Result<GitModule*> bring_one(const GitMirror& parent, const std::string& named,
                                             const std::string& commit, std::stop_token stop);
  void keep_only_these(const std::stop_token& stop) const;

  Path directory_;
  std::string top_url_;                                        ///< of the topmost superproject
  std::map<std::string, std::unique_ptr<GitModule>> modules_;  ///< by URL
  std::size_t count_ = 0;                                      ///< of submodules
};

}  // namespace swarmout
