#include "seeder/source/git/git_modules.hpp"

#include "common/base/key_values.hpp"
#include "common/base/remove_tree.hpp"
#include "seeder/source/credentials.hpp"
#include "seeder/source/git/git_listing.hpp"
#include "seeder/source/git/git_tidy.hpp"
#include "seeder/source/git/git_url.hpp"
#include "seeder/source/git/lfs_store.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>

namespace swarmout {

namespace {

/// Each level waits in the middle of its tree for the one below.
constexpr std::size_t kMaxDepth = 16;
constexpr std::size_t kMaxSubmodules = 10'000;
constexpr const char* kGitModules = ".gitmodules";
constexpr const char* kSubmoduleHint =
    "publish empty directories with --allow-empty-submodules, or export with tar:COMMAND from a checkout that has it";

struct Links {
  std::vector<GitTree> submodules;
  bool has_file = false;  ///< a .gitmodules that is a file
};

Result<Links> links_of(const GitMirror& mirror, const std::string& commit, const std::stop_token& stop) {
  Links links;
  TRY(list_git_tree(
      mirror, commit, GitSizes::not_wanted,
      [&](const GitListed& each) -> Result<void> {
        if (each.is_submodule()) {
          REFUSE_UNLESS(links.submodules.size() < kMaxSubmodules, "the repository has too many submodules");
          links.submodules.push_back({std::string(each.path), nullptr, std::string(each.hash), nullptr, {}});
        }
        links.has_file = links.has_file || (each.is_file() && each.path == kGitModules);
        return {};
      },
      stop));
  return links;
}

/// Path → URL.
Result<std::map<std::string, std::string>> urls_of(const GitMirror& mirror, const std::string& commit,
                                                   const std::stop_token& stop) {
  TRY_ASSIGN(const GitOutcome outcome,
             run_git(mirror.command(commit, {"config", "-z", "--no-includes", "--blob", commit + ":" + kGitModules,
                                             "--get-regexp", R"(^submodule\..*\.(path|url)$)"}),
                     stop));
  REFUSE_UNLESS(outcome.status <= 1,
                fmt::format("git cannot read .gitmodules of {} of {}: {}", commit, mirror.shown(), outcome.words));
  return parse_gitmodules(outcome.output);
}

/// Of the submodule at `path`; what upstream does not have, the commit is wrong about.
tl::unexpected<Error> about(const std::string& path, Error error) {
  error.message = fmt::format("the submodule \"{}\": {}", escape_value(path), error.message);
  if (error.code == ErrorCode::not_found) {
    error.code = ErrorCode::refused;
    error.hint = "push that commit there, or pin one that it has";
  } else if (error.code == ErrorCode::refused && error.hint.empty()) {
    error.hint = kSubmoduleHint;
  }
  return tl::unexpected(std::move(error));
}

}  // namespace

Result<std::shared_ptr<GitMirror::Use>> GitModule::use(std::stop_token stop) {
  if (auto there = used.lock()) {
    return there;
  }
  TRY_ASSIGN(auto fresh, mirror.use(std::move(stop)));
  std::shared_ptr<GitMirror::Use> shared = std::move(fresh);
  used = shared;
  return shared;
}

Result<GitTree> GitModules::bring(const GitMirror& top, const std::string& commit, std::stop_token stop) {
  modules_.clear();
  count_ = 0;
  top_url_ = top.url();
  GitTree tree{{}, &top, commit, nullptr, {}};
  TRY(bring_into(tree, "", 0, stop));
  keep_only_these(stop);
  return tree;
}

Result<void> GitModules::bring_into(GitTree& tree, const std::string& above, std::size_t depth, std::stop_token stop) {
  TRY_ASSIGN(Links links, links_of(*tree.mirror, tree.commit, stop));
  if (links.submodules.empty()) {
    return {};
  }
  REFUSE_UNLESS(depth < kMaxDepth, fmt::format("submodules are nested deeper than {}: \"{}\"", kMaxDepth, above));
  count_ += links.submodules.size();
  REFUSE_UNLESS(count_ <= kMaxSubmodules, fmt::format("there are more than {} submodules", kMaxSubmodules));
  std::map<std::string, std::string> urls;
  if (links.has_file) {
    TRY_ASSIGN(urls, urls_of(*tree.mirror, tree.commit, stop));
  }
  for (GitTree& each : links.submodules) {
    const std::string path = above + each.path;
    const auto named = urls.find(each.path);
    if (named == urls.end()) {
      return fail(ErrorCode::refused,
                  fmt::format("\"{}\" is a submodule, and .gitmodules of {} of {} does not say where it is",
                              escape_value(path), tree.commit, tree.mirror->shown()),
                  kSubmoduleHint);
    }
    const auto brought = bring_one(*tree.mirror, named->second, each.commit, stop);
    if (!brought) {
      return about(path, brought.error());
    }
    each.module = *brought;
    each.mirror = &each.module->mirror;
    TRY_ASSIGN(const auto use, each.module->use(stop));
    TRY(bring_into(each, path + '/', depth + 1, stop));
  }
  std::sort(links.submodules.begin(), links.submodules.end(),
            [](const GitTree& a, const GitTree& b) { return a.path + '/' < b.path + '/'; });
  tree.submodules = std::move(links.submodules);
  return {};
}

Result<GitModule*> GitModules::bring_one(const GitMirror& parent, const std::string& named, const std::string& commit,
                                         std::stop_token stop) {
  auto url = submodule_url(parent.url(), named);
  if (!url) {
    url.error().message += ": " + quotable(named);
    return tl::unexpected(std::move(url).error());
  }
  auto& module = modules_[*url];
  if (!module) {
    const GitUrlOf whose = is_local_url(*url)               ? GitUrlOf::local_superproject
                           : is_same_server(top_url_, *url) ? GitUrlOf::superproject
                                                            : GitUrlOf::stranger;
    module = std::make_unique<GitModule>(GitModule{GitMirror(*url, directory_, whose)});
  }
  if (std::find(module->commits.begin(), module->commits.end(), commit) == module->commits.end()) {
    TRY_ASSIGN(const auto use, module->use(stop));
    spdlog::debug("fetching the submodule {} at {}", module->mirror.shown(), commit);
    TRY(module->mirror.bring(commit, stop));
    const auto& others = module->commits;
    if (!others.empty() && !module->mirror.find_commit(others.front(), hashes_of(others.front()), stop)) {
      for (const std::string& each : others) {  // the mirror was damaged, and made anew for this one
        TRY(module->mirror.bring(each, stop));
      }
    }
    module->commits.push_back(commit);
  }
  return module.get();
}

void GitModules::keep_only_these(const std::stop_token& stop) const {
  if (!path_exists(directory_)) {
    return;
  }
  std::set<std::string> used;
  for (const auto& [url, module] : modules_) {
    used.insert(module->mirror.name());
    if (const auto use = module->use(stop); use) {
      module->mirror.keep_only(module->commits, {}, stop);
    }
  }
  const auto names = list_directory(directory_);
  for (const std::string& name : names ? *names : std::vector<std::string>()) {
    if (!used.contains(name.substr(0, name.find('.')))) {
      if (const auto removed = remove_tree(directory_ / name); !removed) {
        spdlog::debug("tidying: {}", to_string(removed.error()));
      }
    }
  }
}

void GitModules::forget() {
  modules_.clear();
  keep_only_these({});
}

Bytes GitModules::size() const {
  return bytes_below(directory_);
}

}  // namespace swarmout
