#include "seeder/source/git/git_source.hpp"

#include "seeder/source/credentials.hpp"
#include "seeder/source/git/git_changes.hpp"
#include "seeder/source/git/git_mirror.hpp"
#include "seeder/source/git/git_modules.hpp"
#include "seeder/source/git/git_revision.hpp"
#include "seeder/source/git/git_stream.hpp"
#include "seeder/source/git/lfs_fill.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace swarmout {

namespace {

// The memo: one of these words and the commit. What was there of submodules: none; empty directories, if any; what they
// pin.
constexpr std::string_view kMemo = "commit ";
constexpr std::string_view kMemoEmptySubmodules = "commit-with-submodules ";
constexpr std::string_view kMemoWholeSubmodules = "commit-with-whole-submodules ";

class GitSource final : public Source {
public:
  GitSource(const std::string& url, const Path& state, std::string ref, GitOptions options)
      : mirror_(url, state / "git"),
        modules_(state / "git" / (mirror_.name() + ".modules")),
        state_(state),
        ref_(std::move(ref)),
        options_(std::move(options)) {}

  /// Whatever follows, is of a revision that was verified: that nothing is to be done, too.
  Result<std::optional<std::string>> resolve(const std::string& wanted, std::stop_token stop) override {
    const std::string name = !wanted.empty() ? wanted : !ref_.empty() ? ref_ : "HEAD";
    TRY_ASSIGN(const auto use, mirror_.use(stop));
    TRY_ASSIGN(const std::string commit, resolved(name, stop));
    if (options_.trust.what != GitSigned::nothing) {
      TRY_ASSIGN(vouched_, signer_of(mirror_, options_.trust, name, commit, state_, stop));
    }
    return commit;
  }

  std::string vouched() const override { return vouched_; }

  Bytes fetched() const override { return mirror_.size() + modules_.size(); }

  Result<void> stream(const std::string& revision, TreeSink& sink, std::stop_token stop) override {
    TRY_ASSIGN(const auto use, mirror_.use(stop));
    TRY(mirror_.bring(revision, stop));
    mirror_.keep_only({revision}, {}, stop);
    TRY_ASSIGN(const GitTree tree, with_submodules(revision, stop));
    TRY(stream_git_tree(tree, !options_.lfs_pointers, sink, stop));
    tidy_lfs(mirror_, {revision}, stop);
    for (const auto& [url, module] : modules_.modules()) {
      if (const auto module_use = module->use(stop); module_use) {
        tidy_lfs(module->mirror, module->commits, stop);
      }
    }
    memo_ = std::string(word_of(options_.empty_submodules, !tree.submodules.empty())) + revision;
    return {};
  }

  Result<bool> stream_changes(const Past& past, const std::string& revision, TreeSink& sink,
                              std::stop_token stop) override {
    memo_.clear();
    const std::string_view word = past.memo.substr(0, past.memo.find(' ') + 1);  // npos + 1 is 0
    const GitStep step{std::string(past.memo.substr(word.size())), revision, word != kMemo, options_.empty_submodules};
    const bool known = word == kMemo || word == kMemoEmptySubmodules || word == kMemoWholeSubmodules;
    const bool same_way = word == kMemo || (word == kMemoEmptySubmodules) == options_.empty_submodules;
    if (!known || !same_way || !is_full_hash(step.before)) {
      return false;
    }
    TRY_ASSIGN(const auto use, mirror_.use(stop));
    TRY_ASSIGN(const bool both, mirror_.bring_after(step.before, revision, stop));
    if (!both) {
      spdlog::debug("exporting all of {}: {} is not in the mirror any more", revision, step.before);
      return false;
    }
    mirror_.keep_only({revision}, step.before, stop);
    LfsStore store(mirror_, revision);
    LfsFill fill(store, "", sink, stop);
    TreeSink& first = options_.lfs_pointers ? sink : static_cast<TreeSink&>(fill);
    TRY_ASSIGN(const bool streamed, stream_git_changes(mirror_, step, past.nodes, first, stop));
    if (streamed) {
      TRY(fill.finish());
      if (store.has_fetched()) {
        tidy_lfs(mirror_, {revision}, stop);
      }
      memo_ = std::string(word_of(options_.empty_submodules, word == kMemoWholeSubmodules)) + revision;
    }
    return streamed;
  }

  std::string memo() const override { return memo_; }

private:
  static std::string_view word_of(bool empty_submodules, bool whole_submodules) {
    return empty_submodules ? kMemoEmptySubmodules : whole_submodules ? kMemoWholeSubmodules : kMemo;
  }

  Result<GitTree> with_submodules(const std::string& commit, std::stop_token stop) {
    if (!options_.empty_submodules) {
      return modules_.bring(mirror_, commit, std::move(stop));
    }
    modules_.forget();
    return GitTree{{}, &mirror_, commit, nullptr, {}};
  }

  void tidy_lfs(const GitMirror& mirror, const std::vector<std::string>& commits, const std::stop_token& stop) const {
    if (!options_.lfs_pointers) {
      keep_only_lfs_of(mirror, commits, stop);
    } else if (const auto removed = forget_lfs(mirror); !removed) {
      spdlog::debug("tidying: {}", to_string(removed.error()));
    }
  }

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

  GitMirror mirror_;
  GitModules modules_;
  Path state_;
  std::string ref_;
  GitOptions options_;
  std::string vouched_;
  std::string memo_;  ///< of what the sink got whole
};

}  // namespace

Result<std::unique_ptr<Source>> make_git_source(const std::string& location, const Path& state, GitOptions options) {
  const std::size_t hash = location.rfind('#');
  const std::string url = location.substr(0, hash);
  const std::string ref = hash == std::string::npos ? "" : location.substr(hash + 1);
  if (url.empty() || url.starts_with('-') || ref.starts_with('-')) {
    return fail(ErrorCode::usage, fmt::format("git+{} names no repository", quotable(location)));
  }
  TRY(check_trust(options.trust));
  return std::make_unique<GitSource>(url, std::filesystem::absolute(state), ref, std::move(options));
}

}  // namespace swarmout
