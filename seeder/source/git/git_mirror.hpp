// What this host keeps of a repository: a bare repository in the state directory with the commits that were wanted,
// each without its history. Everything in it but objects is written by us before each use, so that nothing else can be
// wrong with it for long; objects that are damaged are fetched anew beside it, and it is replaced only by one that is
// whole.
//
// Threads: one, but for size().

#pragma once

#include "seeder/source/git/git_command.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

enum class GitHashes { sha1, sha256 };
/// That of a full hash.
[[nodiscard]] inline GitHashes hashes_of(std::string_view hash) {
  return hash.size() == 64 ? GitHashes::sha256 : GitHashes::sha1;
}

class GitMirror {
public:
  /// `directory` is that of all such mirrors; `url` may have secrets, which no message shows.
  GitMirror(const std::string& url, const Path& directory, GitUrlOf url_of = GitUrlOf::caller);

  /// Nobody else, and no git that an earlier process of ours has started, is at work on it while this is there.
  class Use {
  public:
    explicit Use(GitMirror& mirror) : mirror_(mirror) {}
    ~Use() { mirror_.lock_.reset(); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

  private:
    GitMirror& mirror_;
  };
  /// Takes the lock, and removes what killed gits have left. Errors: temporary: in use, or stopped; cannot_write.
  [[nodiscard]] Result<std::unique_ptr<Use>> use(std::stop_token stop);

  // All below need a Use.

  /// What upstream has now, fetching nothing: lines of `git ls-remote`. Without patterns: branches, tags and HEAD.
  [[nodiscard]] Result<std::string> list_upstream(const std::vector<std::string>& patterns, std::stop_token stop) const;

  /// The commit that an expression means among what is here; nullopt, if none or several.
  [[nodiscard]] std::optional<std::string> find_commit(const std::string& expression, GitHashes hashes,
                                                       std::stop_token stop) const;
  /// Fetches `generations` of history that end in `commit`. Errors: failed; cannot_write; temporary.
  [[nodiscard]] Result<void> fetch_history(const std::string& commit, std::size_t generations, std::stop_token stop);
  /// Looks through all of upstream's history, of which nothing is kept.
  [[nodiscard]] Result<std::optional<std::string>> find_in_history(const std::string& expression, GitHashes hashes,
                                                                   std::stop_token stop);

  /// Makes sure that the commit and all that is in it are here. Errors: not_found: upstream does not have it; failed:
  /// upstream cannot be reached, or gives something damaged; cannot_write; temporary.
  [[nodiscard]] Result<void> bring(const std::string& commit, std::stop_token stop);

  /// The same, for what only wants to know how `commit` differs from `before`: only its own objects are looked for, not
  /// those of every file. False: `before` is not here, or `commit` cannot be had; bring() says why.
  [[nodiscard]] Result<bool> bring_after(const std::string& before, const std::string& commit, std::stop_token stop);

  /// The tag object that upstream has under this name, and its commit. Errors: as bring().
  [[nodiscard]] Result<void> bring_tag(const std::string& name, GitHashes hashes, std::stop_token stop);

  /// Of what is here, only `commits`, at least one, and `before` are wanted from now on; empty: as before. Never an
  /// error of an export.
  void keep_only(const std::vector<std::string>& commits, const std::string& before, std::stop_token stop) const;

  /// A command that reads from the repository that has `commit`.
  [[nodiscard]] Command command(const std::string& commit, std::vector<std::string> arguments) const;

  /// The same, but as one that talks to upstream.
  [[nodiscard]] Command upstream_command(const std::string& commit, std::vector<std::string> arguments,
                                         std::stop_token stop) const;
  [[nodiscard]] Path repository(GitHashes hashes) const;

  /// Bytes of packs and of Git LFS content here, unfinished ones too. Any thread.
  [[nodiscard]] Bytes size() const;
  /// The repository, fit for messages.
  [[nodiscard]] const std::string& shown() const { return shown_; }
  /// The same with its secrets; of this host, absolute.
  [[nodiscard]] const std::string& url() const { return url_; }
  /// How its files and directories are called, without what follows a dot.
  [[nodiscard]] const std::string& name() const { return name_; }

private:
  [[nodiscard]] GitPlace place() const;
  [[nodiscard]] Result<GitOutcome> run(const Path& repository, std::vector<std::string> arguments,
                                       std::stop_token stop) const;
  [[nodiscard]] bool has_whole(const Path& repository, const std::string& commit, std::stop_token stop) const;
  [[nodiscard]] Result<void> fetch(const Path& repository, std::vector<std::string> what, std::stop_token stop) const;
  [[nodiscard]] Result<void> fetch_commit(const Path& repository, const std::string& commit,
                                          std::stop_token stop) const;
  [[nodiscard]] Result<void> fetch_all(const Path& repository, std::stop_token stop) const;
  [[nodiscard]] Result<void> fetch_somehow(const Path& repository, const std::string& commit,
                                           std::stop_token stop) const;
  [[nodiscard]] Result<bool> is_damaged(const Path& repository, std::stop_token stop) const;
  [[nodiscard]] Result<void> renew(const Path& repository, const std::string& commit, std::stop_token stop) const;
  [[nodiscard]] tl::unexpected<Error> no_commit(const std::string& commit) const;

  std::string url_;
  std::string shown_;
  Path directory_;  ///< of all mirrors
  std::string name_;
  GitUrlOf url_of_;
  std::optional<Fd> lock_;
};

}  // namespace swarmout
