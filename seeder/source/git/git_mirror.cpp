#include "seeder/source/git/git_mirror.hpp"

#include "common/base/digest.hpp"
#include "common/base/private_files.hpp"
#include "common/base/remove_tree.hpp"
#include "seeder/source/credentials.hpp"
#include "seeder/source/git/git_repository.hpp"
#include "seeder/source/git/git_revision.hpp"
#include "seeder/source/git/git_tidy.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <system_error>
#include <thread>

namespace swarmout {

namespace {

/// A git of a process that was killed ends within its guardian's grace.
constexpr auto kLockPatience = std::chrono::seconds(10);
constexpr const char* kWanted = "refs/swarmout/wanted";
/// Other commits of a repository that several submodules are of.
constexpr const char* kAlso = "refs/swarmout/also";
constexpr const char* kBefore = "refs/swarmout/before";
constexpr const char* kHistory = "refs/swarmout/history";
constexpr const char* kAll = "refs/swarmout/all";

tl::unexpected<Error> stopped() {
  return fail(ErrorCode::temporary, "stopped on request");
}

/// A directory of this host, by a name that stays right where git runs.
std::string absolute_if_local(std::string url) {
  std::error_code ignored;
  if (!url.empty() && url[0] != '/' && url.find("://") == std::string::npos && std::filesystem::exists(url, ignored)) {
    return std::filesystem::absolute(url, ignored).native();
  }
  return url;
}

bool is_file_with_content(const Path& path) {
  std::error_code error;
  return std::filesystem::file_size(path, error) > 0 && !error;
}

bool leads_nowhere(const Error& error) {
  return error.code == ErrorCode::cannot_write || error.code == ErrorCode::temporary;
}

}  // namespace

GitMirror::GitMirror(const std::string& url, const Path& directory, GitUrlOf url_of)
    : url_(absolute_if_local(url)),
      shown_(quotable(url)),
      directory_(std::filesystem::absolute(directory)),
      name_(sha256(url).hex().substr(0, 16)),
      url_of_(url_of) {}

Path GitMirror::repository(GitHashes hashes) const {
  return directory_ / (name_ + (hashes == GitHashes::sha256 ? ".sha256.git" : ".git"));
}

GitPlace GitMirror::place() const {
  return {directory_, lock_ ? lock_->get() : -1, url_of_};
}

Result<std::unique_ptr<GitMirror::Use>> GitMirror::use(std::stop_token stop) {
  TRY(make_private_directory(directory_, Closing::quiet));
  const Path file = directory_ / (name_ + ".lock");
  const auto deadline = std::chrono::steady_clock::now() + kLockPatience;
  while (true) {
    TRY_ASSIGN(lock_, try_lock(file));
    if (lock_) {
      break;
    }
    if (stop.stop_requested()) {
      return stopped();
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return fail(ErrorCode::temporary, fmt::format("another git is at work on {}", file.native()));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  auto used = std::make_unique<Use>(*this);
  for (const GitHashes each : {GitHashes::sha1, GitHashes::sha256}) {
    const Path path = repository(each);
    for (const char* const left : {".new", ".old", ".history"}) {
      TRY(remove_tree(path.native() + left));
    }
    if (path_exists(path)) {
      TRY(prepare_repository(path, each == GitHashes::sha256));
    }
  }
  return used;
}

Result<GitOutcome> GitMirror::run(const Path& repository, std::vector<std::string> arguments,
                                  std::stop_token stop) const {
  return run_git(mirror_command(place(), repository, std::move(arguments)), std::move(stop));
}

Command GitMirror::command(const std::string& commit, std::vector<std::string> arguments) const {
  return mirror_command(place(), repository(hashes_of(commit)), std::move(arguments));
}

Command GitMirror::upstream_command(const std::string& commit, std::vector<std::string> arguments,
                                    std::stop_token stop) const {
  return transport_command(place(), repository(hashes_of(commit)), std::move(arguments), std::move(stop));
}

Result<std::string> GitMirror::list_upstream(const std::vector<std::string>& patterns, std::stop_token stop) const {
  std::vector<std::string> arguments = {"ls-remote", "--quiet", "--", url_};
  arguments.insert(arguments.end(), patterns.begin(), patterns.end());
  if (patterns.empty()) {
    arguments.insert(arguments.end(), {"HEAD", "refs/heads/*", "refs/tags/*"});
  }
  TRY_ASSIGN(GitOutcome outcome, run_git(transport_command(place(), {}, std::move(arguments), stop), stop));
  if (outcome.status != 0) {
    return tl::unexpected(git_failure(outcome, fmt::format("cannot ask {}", shown_), directory_));
  }
  return std::move(outcome.output);
}

std::optional<std::string> GitMirror::find_commit(const std::string& expression, GitHashes hashes,
                                                  std::stop_token stop) const {
  if (!path_exists(repository(hashes))) {
    return std::nullopt;
  }
  const auto outcome =
      run(repository(hashes), {"rev-parse", "--verify", "--quiet", "--end-of-options", expression + "^{commit}"}, stop);
  if (!outcome || outcome->status != 0) {
    return std::nullopt;
  }
  std::string hash = outcome->output.substr(0, outcome->output.find('\n'));
  return is_full_hash(hash) ? std::optional(std::move(hash)) : std::nullopt;
}

Result<void> GitMirror::fetch(const Path& repository, std::vector<std::string> what, std::stop_token stop) const {
  const auto ref = std::find_if(what.begin(), what.end(), [](const std::string& each) { return each[0] != '-'; });
  std::vector<std::string> arguments = {
      "fetch", "--quiet", "--no-tags", "--force", "--no-write-fetch-head", "--no-recurse-submodules"};
  arguments.insert(arguments.end(), what.begin(), ref);
  arguments.insert(arguments.end(), {"--", url_});
  arguments.insert(arguments.end(), ref, what.end());
  TRY_ASSIGN(const GitOutcome outcome,
             run_git(transport_command(place(), repository, std::move(arguments), stop), stop));
  if (outcome.status != 0) {
    return tl::unexpected(git_failure(outcome, fmt::format("cannot fetch {}", shown_), repository));
  }
  return {};
}

Result<void> GitMirror::fetch_commit(const Path& repository, const std::string& commit, std::stop_token stop) const {
  return fetch(repository, {"--depth=1", fmt::format("+{}:{}", commit, kWanted)}, std::move(stop));
}

/// Everything that has a name upstream; not kept by name here.
Result<void> GitMirror::fetch_all(const Path& repository, std::stop_token stop) const {
  std::vector<std::string> what;
  if (is_file_with_content(repository / "shallow")) {
    what.emplace_back("--unshallow");
  }
  for (const char* const kind : {"heads", "tags"}) {
    what.push_back(fmt::format("+refs/{0}/*:{1}/{0}/*", kind, kAll));
  }
  const auto fetched = fetch(repository, std::move(what), std::move(stop));
  TRY(remove_tree(repository / kAll));
  return fetched;
}

Result<void> GitMirror::fetch_history(const std::string& commit, std::size_t generations, std::stop_token stop) {
  const Path path = repository(hashes_of(commit));
  TRY(prepare_repository(path, hashes_of(commit) == GitHashes::sha256));
  const auto fetched =
      fetch(path, {fmt::format("--depth={}", generations), fmt::format("+{}:{}", commit, kHistory)}, stop);
  TRY(remove_tree(path / kHistory));
  if (!fetched && !leads_nowhere(fetched.error())) {
    return fetch_all(path, stop);  // a server without shallow fetches
  }
  return fetched;
}

Result<std::optional<std::string>> GitMirror::find_in_history(const std::string& expression, GitHashes hashes,
                                                              std::stop_token stop) {
  const Path scratch = repository(hashes).native() + ".history";
  TRY(prepare_repository(scratch, hashes == GitHashes::sha256));
  // Commits only, from servers that can do that.
  const auto fetched = fetch(
      scratch, {"--filter=tree:0", "+refs/heads/*:refs/swarmout/all/heads/*", "+refs/tags/*:refs/swarmout/all/tags/*"},
      stop);
  std::optional<std::string> found;
  if (fetched) {
    const auto outcome =
        run(scratch, {"rev-parse", "--verify", "--quiet", "--end-of-options", expression + "^{commit}"}, stop);
    if (outcome && outcome->status == 0) {
      found = outcome->output.substr(0, outcome->output.find('\n'));
    }
  }
  TRY(remove_tree(scratch));
  TRY(fetched);
  return found;
}

/// Also looks for every file of it: half a second for 80,000 files.
bool GitMirror::has_whole(const Path& repository, const std::string& commit, std::stop_token stop) const {
  if (!path_exists(repository)) {
    return false;
  }
  const auto type = run(repository, {"cat-file", "-e", commit + "^{commit}"}, stop);
  if (!type || type->status != 0) {
    return false;
  }
  const auto listed = run(repository, {"rev-list", "--objects", "--no-walk", "--quiet", commit}, stop);
  return listed && listed->status == 0;
}

/// By its hash; from a server that gives out only what has a name, with everything that has one.
Result<void> GitMirror::fetch_somehow(const Path& repository, const std::string& commit, std::stop_token stop) const {
  const auto fetched = fetch_commit(repository, commit, stop);
  if (fetched || leads_nowhere(fetched.error())) {
    return fetched;
  }
  TRY(list_upstream({"HEAD"}, stop));  // is it there at all? else that is what is to be said
  return fetch_all(repository, stop);
}

/// Only git's own verdict on what is in it counts, not that git was ended, or could not be started.
Result<bool> GitMirror::is_damaged(const Path& repository, std::stop_token stop) const {
  TRY_ASSIGN(const GitOutcome outcome, run(repository, {"fsck", "--connectivity-only", "--no-dangling"}, stop));
  return outcome.status != 0 && outcome.status <= 128;
}

Result<void> GitMirror::bring(const std::string& commit, std::stop_token stop) {
  const Path path = repository(hashes_of(commit));
  TRY(prepare_repository(path, hashes_of(commit) == GitHashes::sha256));
  bool whole = has_whole(path, commit, stop);
  if (!whole && stop.stop_requested()) {
    return stopped();
  }
  if (!whole) {
    const auto fetched = fetch_somehow(path, commit, stop);
    if (!fetched && leads_nowhere(fetched.error())) {
      return fetched;
    }
    whole = fetched && has_whole(path, commit, stop);
    if (!whole && stop.stop_requested()) {
      return stopped();
    }
    if (!whole) {
      TRY_ASSIGN(const bool damaged, is_damaged(path, stop));
      if (!damaged) {
        TRY(fetched);
        return no_commit(commit);
      }
      spdlog::warn("the mirror of {} in {} is damaged; it is made anew", shown_, path.native());
      TRY(renew(path, commit, stop));
    }
  }
  return {};
}

Result<void> GitMirror::bring_tag(const std::string& name, GitHashes hashes, std::stop_token stop) {
  TRY(prepare_repository(repository(hashes), hashes == GitHashes::sha256));
  return fetch(repository(hashes), {"--depth=1", fmt::format("+refs/tags/{}:refs/swarmout/tag", name)}, stop);
}

Result<bool> GitMirror::bring_after(const std::string& before, const std::string& commit, std::stop_token stop) {
  const GitHashes hashes = hashes_of(commit);
  if (hashes != hashes_of(before) || find_commit(before, hashes, stop) != before) {
    return stop.stop_requested() ? Result<bool>(stopped()) : false;
  }
  if (find_commit(commit, hashes, stop)) {
    return true;
  }
  const auto fetched = fetch_commit(repository(hashes), commit, stop);
  if (!fetched && leads_nowhere(fetched.error())) {
    return tl::unexpected(fetched.error());
  }
  return fetched && find_commit(commit, hashes, stop);
}

/// Beside it: whatever happens, the old one stays until the new one has it all.
Result<void> GitMirror::renew(const Path& repository, const std::string& commit, std::stop_token stop) const {
  const Path fresh = repository.native() + ".new";
  const Path old = repository.native() + ".old";
  TRY(prepare_repository(fresh, hashes_of(commit) == GitHashes::sha256));
  Result<void> fetched = fetch_somehow(fresh, commit, stop);
  if (fetched && !has_whole(fresh, commit, stop)) {
    fetched = stop.stop_requested() ? stopped() : no_commit(commit);
  }
  if (!fetched) {
    TRY(remove_tree(fresh));
    return fetched;
  }
  std::error_code error;
  std::filesystem::rename(repository / "lfs", fresh / "lfs", error);  // each object of it is checked when it is read
  error.clear();
  std::filesystem::rename(repository, old, error);
  if (!error) {
    std::filesystem::rename(fresh, repository, error);
  }
  if (error) {
    return fail_errno("cannot replace", repository.native(), error.value());
  }
  return remove_tree(old);
}

tl::unexpected<Error> GitMirror::no_commit(const std::string& commit) const {
  return fail(ErrorCode::not_found, fmt::format("{} has no commit {}", shown_, commit),
              "give a branch, a tag or a commit that it has now");
}

void GitMirror::keep_only(const std::vector<std::string>& commits, const std::string& before,
                          std::stop_token stop) const {
  std::vector<std::pair<std::string, std::string>> refs = {{kWanted, commits.front()}};
  for (std::size_t i = 1; i < commits.size(); ++i) {
    refs.emplace_back(fmt::format("{}/{}", kAlso, commits[i]), commits[i]);
  }
  if (!before.empty()) {
    refs.emplace_back(kBefore, before);
  }
  const Path repository = this->repository(hashes_of(commits.front()));
  if (const auto tidied = remove_tree(repository / kAlso); tidied) {
    tidy_repository(place(), repository, refs, std::move(stop));
  }
}

Bytes GitMirror::size() const {
  Bytes total = 0;
  for (const GitHashes hashes : {GitHashes::sha1, GitHashes::sha256}) {
    for (const char* const kind : {"", ".new", ".history"}) {
      const Path repository = this->repository(hashes).native() + kind;
      total += bytes_below(repository / "objects/pack") + bytes_below(repository / "lfs");
    }
  }
  return total;
}

}  // namespace swarmout
