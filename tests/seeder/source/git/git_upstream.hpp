// An upstream repository, and sources on it.

#pragma once

#include "common/base/subprocess.hpp"
#include "seeder/source/git/git_source.hpp"
#include "seeder/source/open_source.hpp"
#include "tests/seeder/source/streaming.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace swarmout::test {

inline constexpr char kNoCommit[] = "0123456789012345678901234567890123456789";

inline std::string without_newline(std::string text) {
  text.erase(std::min(text.find('\n'), text.size()));
  return text;
}

/// An upstream repository with one commit on `main`, and a source on it.
class GitUpstream : public testing::Test {
protected:
  void SetUp() override {
    ::setenv("no_proxy", "*", 1);  // nothing leaves this host
    ASSERT_OK(make_directories(upstream_));
    git({"init", "--quiet", "--initial-branch=main", "."});
    first_ = commit("file", "first");
    source_ = open(upstream_.native());
  }

  std::string git(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"git", "-c", "user.name=T", "-c", "user.email=t@example.com"});
    const Command command{std::move(arguments), {{"GIT_CONFIG_GLOBAL", "/dev/null"}, {"LC_ALL", "C"}}, upstream_};
    const auto said = run_and_capture(command, kMiB, {});
    EXPECT_THAT(said, IsOk());
    return without_newline(said.value_or(""));
  }
  std::string commit(const std::string& name, const std::string& content) {
    write_file(upstream_ / name, content);
    git({"add", "--all"});
    git({"commit", "--quiet", "--message=change"});
    return git({"rev-parse", "HEAD"});
  }
  std::unique_ptr<Source> open(const std::string& location) {
    auto source = open_source("git+" + location, temp_ / "state");
    EXPECT_THAT(source, IsOk());
    return source ? *std::move(source) : nullptr;
  }
  /// What a revision resolves to, or the error.
  std::string resolved(const std::string& wanted) { return resolved(*source_, wanted); }
  static std::string resolved(Source& source, const std::string& wanted) {
    const auto name = source.resolve(wanted, {});
    return name ? name->value_or("no name") : to_string(name.error());
  }
  /// Path → content of a revision.
  std::map<std::string, std::string> files(const std::string& revision) {
    CollectingSink sink;
    EXPECT_THAT(stream_guarded(*source_, revision, sink), IsOk());
    std::map<std::string, std::string> found;
    for (const Given& each : sink.given) {
      found[each.entry.path] = each.content;
    }
    return found;
  }
  Path mirror() const {
    std::error_code none;
    for (const auto& each : std::filesystem::directory_iterator(temp_ / "state" / "git", none)) {
      if (each.is_directory()) {
        return each.path();
      }
    }
    return temp_ / "no-mirror";
  }
  std::vector<Path> packs_of_mirror() const {
    std::vector<Path> found;
    if (!path_exists(mirror())) {
      return found;
    }
    for (const auto& each : std::filesystem::recursive_directory_iterator(mirror() / "objects")) {
      if (each.is_regular_file()) {
        found.push_back(each.path());
      }
    }
    return found;
  }

  TempDir temp_;
  Path upstream_ = temp_ / "upstream";
  std::string first_;
  std::unique_ptr<Source> source_;
};

}  // namespace swarmout::test
