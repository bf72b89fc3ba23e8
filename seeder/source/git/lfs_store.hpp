// The Git LFS content of one commit: objects in `lfs/` of its mirror, fetched by git-lfs, and believed only as far as
// they have the size and the SHA-256 that their pointers say.
//
// git-lfs sees the caller's settings (credentials, proxies, lfs.url); of the tree's own (.lfsconfig) only `lfs.url`
// counts, and only if it is on the server that the commit came from: credentials go nowhere else.

#pragma once

#include "seeder/source/git/git_mirror.hpp"
#include "seeder/source/lfs_pointer.hpp"

#include <stop_token>
#include <string>
#include <vector>

namespace swarmout {

/// One thread. The caller holds the mirror's use.
class LfsStore {
public:
  LfsStore(const GitMirror& mirror, std::string commit);

  /// The object, which has its size. The first that is not here has all of the commit's fetched. Errors: refused: there
  /// is no git-lfs, or .lfsconfig names another server; failed: it cannot be had; cannot_write; temporary.
  [[nodiscard]] Result<Fd> open(const LfsPointer& pointer, std::stop_token stop);
  /// It is damaged: the next run fetches it anew.
  [[nodiscard]] Result<void> discard(const LfsPointer& pointer) const;
  [[nodiscard]] bool has_fetched() const { return fetched_; }

private:
  [[nodiscard]] Result<Fd> find(const LfsPointer& pointer) const;
  [[nodiscard]] Result<void> fetch(std::stop_token stop);
  [[nodiscard]] Result<std::string> url_of_tree(std::stop_token stop) const;

  const GitMirror& mirror_;
  std::string commit_;
  bool fetched_ = false;
};

/// Removes what none of these commits of the mirror wants any more. Never an error of an export.
void keep_only_lfs_of(const GitMirror& mirror, const std::vector<std::string>& commits, std::stop_token stop);

/// Removes all of it.
[[nodiscard]] Result<void> forget_lfs(const GitMirror& mirror);

/// Whether an LFS server that a tree names is the one that the tree came from: the same host and port, with https where
/// the repository is reached by ssh. No I/O.
[[nodiscard]] bool is_same_server(std::string_view repository, std::string_view lfs);

}  // namespace swarmout
