#include "seeder/source/git/git_source.hpp"

#include "common/base/key_values.hpp"
#include "seeder/source/credentials.hpp"
#include "seeder/source/git/git_changes.hpp"
#include "seeder/source/git/git_mirror.hpp"
#include "seeder/source/git/git_revision.hpp"
#include "seeder/source/tar_stream.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace swarmout {

namespace {

/// A line of `git ls-tree -z` is longer than its path by this at most.
constexpr std::size_t kMaxTreeLine = 8 * kKiB;
constexpr std::string_view kSubmodule = "160000 ";
// The memo: one of these words and the commit.
constexpr std::string_view kMemo = "commit ";
constexpr std::string_view kMemoWithSubmodules = "commit-with-submodules ";

class GitSource final : public Source {
public:
  GitSource(GitMirror mirror, std::string ref, Path state, bool empty_submodules, GitTrust trust)
      : mirror_(std::move(mirror)),
        ref_(std::move(ref)),
        state_(std::move(state)),
        empty_submodules_(empty_submodules),
        trust_(std::move(trust)) {}

  /// Whatever follows, is of a revision that was verified: that nothing is to be done, too.
  Result<std::optional<std::string>> resolve(const std::string& wanted, std::stop_token stop) override {
    const std::string name = !wanted.empty() ? wanted : !ref_.empty() ? ref_ : "HEAD";
    TRY_ASSIGN(const auto use, mirror_.use(stop));
    TRY_ASSIGN(const std::string commit, resolved(name, stop));
    if (trust_.what != GitSigned::nothing) {
      TRY_ASSIGN(vouched_, signer_of(mirror_, trust_, name, commit, state_, stop));
    }
    return commit;
  }

  std::string vouched() const override { return vouched_; }

  Bytes fetched() const override { return mirror_.size(); }

  Result<void> stream(const std::string& revision, TreeSink& sink, std::stop_token stop) override {
    TRY_ASSIGN(const auto use, mirror_.use(stop));
    TRY(mirror_.bring(revision, stop));
    mirror_.keep_only(revision, {}, stop);
    if (!empty_submodules_) {
      TRY(refuse_submodules(revision, stop));
    }
    TRY(stream_tar(mirror_.command(revision, {"archive", "--format=tar", revision}),
                   fmt::format("git archive of {} from {}", revision, mirror_.shown()), sink, std::move(stop)));
    streamed_ = revision;
    return {};
  }

  Result<bool> stream_changes(const Past& past, const std::string& revision, TreeSink& sink,
                              std::stop_token stop) override {
    GitStep step{{}, revision, past.memo.starts_with(kMemoWithSubmodules), empty_submodules_};
    const std::string_view word = step.empty_submodules_then ? kMemoWithSubmodules : kMemo;
    step.before = past.memo.substr(std::min(word.size(), past.memo.size()));
    if (!past.memo.starts_with(word) || !is_full_hash(step.before) ||
        (step.empty_submodules_then && !empty_submodules_)) {
      return false;
    }
    TRY_ASSIGN(const auto use, mirror_.use(stop));
    TRY_ASSIGN(const bool both, mirror_.bring_after(step.before, revision, stop));
    if (!both) {
      spdlog::debug("exporting all of {}: {} is not in the mirror any more", revision, step.before);
      return false;
    }
    mirror_.keep_only(revision, step.before, stop);
    TRY_ASSIGN(const bool streamed, stream_git_changes(mirror_, step, past.nodes, sink, std::move(stop)));
    streamed_ = streamed ? revision : "";
    return streamed;
  }

  std::string memo() const override {
    return streamed_.empty() ? "" : std::string(empty_submodules_ ? kMemoWithSubmodules : kMemo) + streamed_;
  }

private:
  Result<std::string> resolved(const std::string& name, std::stop_token stop) {
    TRY_ASSIGN(const GitRevision revision, parse_git_revision(name));
    TRY_ASSIGN(const std::string base, commit_of(revision.base, stop));
    if (revision.suffix.empty()) {
      return base;
    }
    TRY(mirror_.fetch_history(base, revision.steps + 1, stop));
    auto found = mirror_.find_commit(base + revision.suffix, hashes_of(base), stop);
    if (!found) {
      return stop.stop_requested() ? fail(ErrorCode::temporary, "stopped on request") : not_found(name);
    }
    return *std::move(found);
  }

  tl::unexpected<Error> not_found(const std::string& name) const {
    return fail(ErrorCode::not_found, fmt::format("{} has no revision {}", mirror_.shown(), name),
                name == "HEAD" ? "its HEAD names no branch that is there; name one: git+URL#BRANCH"
                               : "give a branch, a tag or a commit");
  }

  /// Of a name or hash without a suffix, as upstream has it.
  Result<std::string> commit_of(const std::string& name, std::stop_token stop) {
    if (is_full_hash(name)) {
      if (!mirror_.find_commit(name, hashes_of(name), stop)) {
        TRY(mirror_.bring(name, stop));
      }
      return name;
    }
    TRY_ASSIGN(const std::string listing, mirror_.list_upstream(remote_patterns(name), stop));
    if (auto found = remote_commit(listing, name)) {
      return *std::move(found);
    }
    if (!is_abbreviated_hash(name)) {
      return not_found(name);
    }
    TRY_ASSIGN(const auto found, commit_beginning_with(name, stop));
    return found ? Result<std::string>(*found) : not_found(name);
  }

  /// Among what is here, then among the tips of upstream, then in all of its history.
  Result<std::optional<std::string>> commit_beginning_with(const std::string& hash, std::stop_token stop) {
    for (const GitHashes each : {GitHashes::sha1, GitHashes::sha256}) {
      if (auto found = mirror_.find_commit(hash, each, stop)) {
        return found;
      }
    }
    TRY_ASSIGN(const std::string listing, mirror_.list_upstream({}, stop));
    const auto tips = tips_beginning_with(listing, hash);
    if (tips.size() == 1) {
      return tips.front();
    }
    return mirror_.find_in_history(hash, hashes_of(std::string_view(listing).substr(0, listing.find('\t'))), stop);
  }

  Result<void> refuse_submodules(const std::string& commit, std::stop_token stop) const {
    TRY_ASSIGN(Subprocess child,
               Subprocess::start(mirror_.command(commit, {"ls-tree", "-r", "-z", "--full-tree", commit})));
    std::vector<std::byte> buffer(64 * kKiB);
    std::string pending;
    while (true) {
      TRY_ASSIGN(const std::size_t got, child.read(buffer, stop));
      if (got == 0) {
        break;
      }
      pending += as_text(std::span(buffer).first(got));
      std::size_t start = 0;
      for (std::size_t end = 0; (end = pending.find('\0', start)) != std::string::npos; start = end + 1) {
        const std::string_view line = std::string_view(pending).substr(start, end - start);
        if (line.starts_with(kSubmodule)) {
          return fail(ErrorCode::refused,
                      fmt::format("\"{}\" is a submodule; its content is not in {}",
                                  escape_value(line.substr(line.find('\t') + 1)), mirror_.shown()),
                      "export with tar:COMMAND from a checkout that has it, or publish empty directories with "
                      "--allow-empty-submodules");
        }
      }
      pending.erase(0, start);
      REFUSE_UNLESS(pending.size() <= kMaxTreeLine, "a path in the repository is too long");
    }
    TRY_ASSIGN(const int status, child.wait(stop));
    if (status != 0) {
      return fail(ErrorCode::failed,
                  fmt::format("cannot list {}: git ended with status {}: {}", commit, status, child.last_words()));
    }
    return {};
  }

  GitMirror mirror_;
  std::string ref_;
  Path state_;
  bool empty_submodules_;
  GitTrust trust_;
  std::string vouched_;
  std::string streamed_;  ///< the commit that the sink got whole
};

}  // namespace

Result<std::unique_ptr<Source>> make_git_source(const std::string& location, const Path& state, bool empty_submodules,
                                                GitTrust trust) {
  const std::size_t hash = location.rfind('#');
  const std::string url = location.substr(0, hash);
  const std::string ref = hash == std::string::npos ? "" : location.substr(hash + 1);
  if (url.empty() || url.starts_with('-') || ref.starts_with('-')) {
    return fail(ErrorCode::usage, fmt::format("git+{} names no repository", quotable(location)));
  }
  TRY(check_trust(trust));
  return std::make_unique<GitSource>(GitMirror(url, state), ref, state, empty_submodules, std::move(trust));
}

}  // namespace swarmout
