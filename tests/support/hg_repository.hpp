// Mercurial repositories, and hg serve in front of them.

#pragma once

#include "common/base/subprocess.hpp"
#include "tests/support/process.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace swarmout::test {

/// A repository around a tree on the disk.
class HgRepository {
public:
  explicit HgRepository(Path tree) : tree_(std::move(tree)) {
    EXPECT_THAT(make_directories(tree_), IsOk());
    hg({"init", "."});
  }

  /// That is there already.
  static HgRepository at(Path tree) { return HgRepository(std::move(tree), 0); }

  [[nodiscard]] const Path& path() const { return tree_; }
  /// What hg prints, without the newline at its end.
  std::string hg(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "hg");
    const Command command{
        std::move(arguments),
        {{"HGRCPATH", ""}, {"HGRCSKIPREPO", "1"}, {"HGPLAIN", "1"}, {"HGUSER", "T"}, {"LC_ALL", "C.UTF-8"}},
        tree_};
    auto said = run_and_capture(command, kMiB, {});
    EXPECT_THAT(said, IsOk());
    std::string text = said.value_or("");
    while (text.ends_with('\n')) {
      text.pop_back();
    }
    return text;
  }
  /// All that is in the tree; the full hash.
  std::string commit() {
    hg({"addremove", "--quiet", "--similarity", "0"});
    hg({"commit", "--quiet", "--config", "ui.allowemptycommit=yes", "--message", "change"});
    return head();
  }
  std::string commit(const std::string& name, const std::string& content) {
    write_file(tree_ / name, content);
    return commit();
  }
  std::string head() { return hg({"log", "--rev", ".", "--template", "{node}"}); }

private:
  HgRepository(Path tree, int /*there*/) : tree_(std::move(tree)) {}

  Path tree_;
};

/// On a port that it chooses.
class HgServer {
public:
  HgServer(const Path& repository, const Path& directory, std::vector<std::string> arguments = {})
      : log_(directory / "hg-access.log"),
        process_(launch(repository, log_, std::move(arguments)), directory / "hg-serve") {
    EXPECT_TRUE(wait_for([this] { return process_.out().find(")\n") != std::string::npos || !process_.running(); }))
        << process_.err();
    const std::string said = process_.out();
    const std::size_t port = said.rfind(':') + 1;
    endpoint_ = "127.0.0.1:" + said.substr(port, said.find(')', port) - port);
  }

  [[nodiscard]] std::string endpoint() const { return endpoint_; }
  [[nodiscard]] std::string url() const { return "http://" + endpoint_ + "/"; }
  /// How often a word is in its access log.
  [[nodiscard]] std::size_t logged(const std::string& word) const {
    const std::string log = read_file(log_, kMiB).value_or("");
    std::size_t count = 0;
    for (std::size_t at = log.find(word); at != std::string::npos; at = log.find(word, at + 1)) {
      ++count;
    }
    return count;
  }

private:
  static Launch launch(const Path& repository, const Path& log, std::vector<std::string> arguments) {
    std::vector<std::string> argv = {
        "hg", "--repository", repository.native(), "serve", "--address", "127.0.0.1", "--port",
        "0",  "--accesslog",  log.native()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return {std::move(argv), {{"HGRCPATH", ""}, {"HGPLAIN", "1"}, {"PYTHONUNBUFFERED", "1"}, {"LC_ALL", "C.UTF-8"}}};
  }

  Path log_;
  Process process_;
  std::string endpoint_;
};

}  // namespace swarmout::test
