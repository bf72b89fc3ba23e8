#include "seeder/source/git_source.hpp"

#include "common/base/digest.hpp"
#include "common/base/subprocess.hpp"
#include "seeder/source/credentials.hpp"
#include "seeder/source/tar_stream.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace swarmout {

namespace {

constexpr Bytes kMaxListing = 256 * kMiB;

bool is_full_hash(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string first_line(std::string text) {
  text.erase(std::min(text.find('\n'), text.size()));
  return text;
}

class GitSource final : public Source {
public:
  GitSource(std::string url, std::string ref, Path mirror)
      : url_(std::move(url)), ref_(std::move(ref)), mirror_(std::move(mirror)) {}

  Result<std::optional<std::string>> resolve(const std::string& wanted, std::stop_token stop) override {
    const std::string name = !wanted.empty() ? wanted : !ref_.empty() ? ref_ : "HEAD";
    if (name.starts_with('-')) {
      return fail(ErrorCode::usage, fmt::format("\"{}\" is not a git revision", name));
    }
    if (is_full_hash(name)) {
      if (has_commit(name, stop)) {
        return name;
      }
    } else {
      TRY_ASSIGN(const auto remote, ask_remote(name, stop));
      if (remote) {
        return remote;
      }
    }
    TRY(fetch(stop));  // an abbreviated hash, or something like v6.1~3: only the mirror can tell
    const auto found = git({"rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}"}, stop);
    if (!found) {
      return fail(ErrorCode::not_found, fmt::format("{} has no revision {}", without_credentials(url_), name),
                  "give a branch, a tag or a commit");
    }
    return first_line(*found);
  }

  /// What git has in its temporary packs and in the finished ones.
  Bytes fetched() const override {
    Bytes total = 0;
    std::error_code ignored;
    for (const auto& each : std::filesystem::directory_iterator(mirror_ / "objects/pack", ignored)) {
      const auto size = each.file_size(ignored);
      total += ignored ? 0 : size;
    }
    return total;
  }

  Result<void> stream(const std::string& revision, TreeSink& sink, std::stop_token stop) override {
    if (!has_whole_commit(revision, stop)) {
      TRY(fetch(stop));
      if (has_commit(revision, stop) && !has_whole_commit(revision, stop)) {
        TRY(remove_tree(mirror_));  // the commit is there, and something in it is not
        TRY(fetch(stop));
      }
    }
    return stream_tar(command({"archive", "--format=tar", revision}),
                      fmt::format("git archive of {} from {}", revision, without_credentials(url_)), sink,
                      std::move(stop));
  }

private:
  Command command(std::vector<std::string> arguments) const {
    // The mirror is ours; what the host's git configuration adds (hooks, automatic collection) must not interfere.
    Command command{{"git", "-c", "gc.auto=0", "-c", "safe.directory=*", "--git-dir", mirror_.native()},
                    {{"GIT_TERMINAL_PROMPT", "0"}, {"GIT_ASKPASS", "true"}, {"LC_ALL", "C"}},
                    {}};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    return command;
  }

  Result<std::string> git(std::vector<std::string> arguments, std::stop_token stop) const {
    return run_and_capture(command(std::move(arguments)), kMaxListing, stop).map_error([](Error error) {
      error.message = without_credentials(error.message);
      return error;
    });
  }

  bool has_commit(const std::string& hash, std::stop_token stop) const {
    return path_exists(mirror_ / "HEAD") && git({"cat-file", "-e", hash + "^{commit}"}, stop).has_value();
  }

  /// Also looks for every file of it: half a second for 80,000 files.
  bool has_whole_commit(const std::string& hash, std::stop_token stop) const {
    return has_commit(hash, stop) && git({"rev-list", "--objects", "--no-walk", "--quiet", hash}, stop).has_value();
  }

  /// A branch, tag or HEAD as the remote has it now, without fetching anything.
  Result<std::optional<std::string>> ask_remote(const std::string& name, std::stop_token stop) {
    TRY(make_mirror(stop));
    const std::string peeled = fmt::format("refs/tags/{}^{{}}", name);  // what an annotated tag points to
    const std::string peeled_name = name + "^{}";
    TRY_ASSIGN(
        const std::string listing,
        git({"ls-remote", "--", url_, name, "refs/heads/" + name, "refs/tags/" + name, peeled, peeled_name}, stop));
    std::optional<std::string> found;
    int best = 0;
    std::size_t start = 0;
    while (start < listing.size()) {
      const std::size_t end = std::min(listing.find('\n', start), listing.size());
      const std::string_view line = std::string_view(listing).substr(start, end - start);
      start = end + 1;
      const std::size_t tab = line.find('\t');
      if (tab == std::string_view::npos) {
        continue;
      }
      const std::string_view ref = line.substr(tab + 1);
      // git's own order: the exact name, then tags, then branches
      const int rank = ref == peeled_name            ? 5
                       : ref == name                 ? 4
                       : ref == peeled               ? 3
                       : ref == "refs/tags/" + name  ? 2
                       : ref == "refs/heads/" + name ? 1
                                                     : 0;
      if (rank > best) {
        best = rank;
        found = std::string(line.substr(0, tab));
      }
    }
    return found;
  }

  Result<void> make_mirror(std::stop_token stop) {
    if (path_exists(mirror_ / "HEAD")) {
      return {};
    }
    TRY(make_directories(mirror_.parent_path()));
    TRY(run_and_capture({{"git", "init", "--quiet", "--bare", mirror_.native()}, {}, {}}, kMaxListing, stop));
    return {};
  }

  Result<void> fetch(std::stop_token stop) {
    for (const bool last_try : {false, true}) {
      TRY(make_mirror(stop));
      remove_stale_locks();
      auto fetched = git({"fetch", "--quiet", "--prune", "--force", "--no-tags", "--", url_,
                          "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", "+HEAD:refs/swarmout/head"},
                         stop);
      if (fetched) {
        return {};
      }
      if (stop.stop_requested()) {
        return fail(ErrorCode::temporary, "stopped on request");
      }
      const bool healthy = git({"rev-parse", "--git-dir"}, stop) && git({"fsck", "--connectivity-only"}, stop);
      if (last_try || healthy) {
        return fail(ErrorCode::failed,
                    fmt::format("cannot fetch {}: {}", without_credentials(url_), fetched.error().message));
      }
      TRY(remove_tree(mirror_));  // the mirror is damaged, not the remote: start over, once
    }
    return {};
  }

  /// The state directory belongs to one seed at a time, so a lock that is here was left by a killed one.
  void remove_stale_locks() const {
    std::error_code ignored;
    for (auto each = std::filesystem::recursive_directory_iterator(mirror_, ignored);
         each != std::filesystem::recursive_directory_iterator(); each.increment(ignored)) {
      if (each->path().extension() == ".lock") {
        std::filesystem::remove(each->path(), ignored);
      }
    }
  }

  std::string url_;
  std::string ref_;
  Path mirror_;
};

}  // namespace

Result<std::unique_ptr<Source>> make_git_source(const std::string& location, const Path& state) {
  const std::size_t hash = location.rfind('#');
  const std::string url = location.substr(0, hash);
  const std::string ref = hash == std::string::npos ? "" : location.substr(hash + 1);
  if (url.empty() || url.starts_with('-') || ref.starts_with('-')) {
    return fail(ErrorCode::usage, fmt::format("git+{} names no repository", without_credentials(location)));
  }
  const Path mirror = state / "git" / (sha256(url).hex().substr(0, 16) + ".git");
  return std::make_unique<GitSource>(url, ref, mirror);
}

}  // namespace swarmout
