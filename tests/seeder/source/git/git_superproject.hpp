// A superproject beside the repositories of its submodules, and what a plain git makes of it.

#pragma once

#include "tests/seeder/source/git/git_upstream.hpp"

namespace swarmout::test {

class GitSuperproject : public GitUpstream {
protected:
  /// Runs git in one of the repositories beside the superproject, which is "upstream" itself.
  std::string git_in(const std::string& repository, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"git", "-c", "user.name=T", "-c", "user.email=t@example.com", "-c",
                                         "protocol.file.allow=always", "-C", (temp_ / repository).native()});
    const Command command{std::move(arguments), {{"GIT_CONFIG_GLOBAL", "/dev/null"}, {"LC_ALL", "C"}}, temp_.path()};
    const auto said = run_and_capture(command, kMiB, {});
    EXPECT_THAT(said, IsOk());
    return without_newline(said.value_or(""));
  }
  std::string commit_in(const std::string& repository) {
    git_in(repository, {"add", "--all"});
    git_in(repository, {"commit", "--quiet", "--allow-empty", "--message=change"});
    return git_in(repository, {"rev-parse", "HEAD"});
  }
  std::string commit_in(const std::string& repository, const std::string& name, const std::string& content) {
    write_file(temp_ / repository / name, content);
    return commit_in(repository);
  }
  /// A repository with one commit.
  std::string make_repository(const std::string& name, const std::string& file, const std::string& content) {
    EXPECT_THAT(make_directories(temp_ / name), IsOk());
    git_in(name, {"init", "--quiet", "--initial-branch=main", "."});
    return commit_in(name, file, content);
  }
  /// By git itself, and commits it.
  std::string add_submodule(const std::string& repository, const std::string& url, const std::string& path) {
    git_in(repository, {"submodule", "--quiet", "add", "--force", url, path});
    return commit_in(repository);
  }
  /// A gitlink and .gitmodules as they are given; commits them.
  std::string plant(const std::string& path, const std::string& pinned, const std::string& gitmodules) {
    write_file(upstream_ / ".gitmodules", gitmodules);
    git({"add", ".gitmodules"});
    git({"update-index", "--add", "--cacheinfo", "160000," + pinned + "," + path});
    git({"commit", "--quiet", "--message=planted"});
    return git({"rev-parse", "HEAD"});
  }
  static std::string entry_of(const std::string& path, const std::string& url) {
    return "[submodule \"" + path + "\"]\n\tpath = " + path + "\n\turl = " + url + "\n";
  }

  /// The tree that git checks out of a commit with its submodules, without what is git's own.
  std::map<std::string, std::string> cloned(const std::string& commit) {
    const Path clone = temp_ / "clone";
    EXPECT_THAT(remove_tree(clone), IsOk());
    git_in(".", {"clone", "--quiet", "--no-checkout", upstream_.native(), clone.native()});
    git_in("clone", {"config", "filter.lfs.process", "git-lfs filter-process"});
    git_in("clone", {"-c", "advice.detachedHead=false", "checkout", "--quiet", commit});
    git_in("clone", {"submodule", "--quiet", "update", "--init", "--recursive"});
    std::vector<Path> gits;
    for (auto each = std::filesystem::recursive_directory_iterator(clone);
         each != std::filesystem::recursive_directory_iterator(); ++each) {
      if (each->path().filename() == ".git") {
        gits.push_back(each->path());
        each.disable_recursion_pending();
      }
    }
    for (const Path& each : gits) {
      EXPECT_THAT(remove_tree(each), IsOk());
    }
    return listing(clone);
  }
  std::map<std::string, std::string> published(const std::string& commit) {
    CollectingSink sink;
    EXPECT_THAT(stream_guarded(*source_, commit, sink), IsOk());
    return listing_of(sink);
  }
  Result<void> streamed(const std::string& commit) {
    CollectingSink sink;
    return stream_guarded(*source_, commit, sink);
  }
  /// The mirrors of submodules.
  std::vector<Path> modules() const {
    std::vector<Path> found;
    std::error_code none;
    for (const auto& each : std::filesystem::directory_iterator(temp_ / "state/git", none)) {
      if (each.path().extension() == ".modules") {
        for (const auto& module : std::filesystem::directory_iterator(each.path())) {
          if (module.is_directory()) {
            found.push_back(module.path());
          }
        }
      }
    }
    return found;
  }
};

}  // namespace swarmout::test
