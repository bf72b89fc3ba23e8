// Subversion repositories that are given trees, and svnserve in front of them.

#pragma once

#include "common/base/subprocess.hpp"
#include "tests/support/made_tree.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/tcp_server.hpp"
#include "tests/support/tree.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <atomic>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace swarmout::test {

/// What `svn` prints.
inline std::string run_svn(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"svn", "--non-interactive", "--no-auth-cache"});
  const auto said = run_and_capture({std::move(arguments), {{"LC_ALL", "C.UTF-8"}}, {}}, 16 * kMiB, {});
  EXPECT_THAT(said, IsOk());
  return said.value_or("");
}

/// A tree on the disk as a value.
inline MadeTree made_tree_of(const Path& root) {
  MadeTree tree;
  for (const auto& each : std::filesystem::recursive_directory_iterator(root)) {
    const std::string path = each.path().lexically_relative(root).native();
    if (each.is_symlink()) {
      tree[path] = {Node::Kind::symlink, std::filesystem::read_symlink(each.path()).native()};
    } else if (each.is_directory()) {
      tree[path] = {Node::Kind::directory, ""};
    } else {
      const bool executable =
          (each.status().permissions() & std::filesystem::perms::owner_exec) != std::filesystem::perms::none;
      tree[path] = {executable ? Node::Kind::executable : Node::Kind::file,
                    read_file(each.path(), 64 * kMiB).value_or("unreadable")};
    }
  }
  return tree;
}

/// A repository on the disk. Commits are loaded as svnadmin dumps them: exactly these bytes and properties, where svn
/// would convert what it adds.
class SvnRepository {
public:
  using Properties = std::map<std::string, std::string>;

  explicit SvnRepository(Path path) : path_(std::move(path)) {
    EXPECT_THAT(run_and_capture({{"svnadmin", "create", path_.native()}}, kMiB, {}), IsOk());
    load(revision() + directory("trunk", "add", {}));
    load(revision() + directory("branches", "add", {}));
  }

  [[nodiscard]] std::string url(const std::string& below = "trunk") const {
    return "file://" + path_.native() + (below.empty() ? "" : "/") + below;
  }
  [[nodiscard]] const Path& path() const { return path_; }

  /// Makes `trunk` that tree; the revision's name.
  std::string commit(const MadeTree& tree) {
    std::string deleted;
    std::string added;
    std::set<std::string> gone;
    for (const auto& [path, entry] : tree_) {
      const auto now = tree.find(path);
      const bool stays =
          now != tree.end() && (now->second.kind == Node::Kind::directory) == (entry.kind == Node::Kind::directory);
      const bool with_parent = gone.contains(path.substr(0, std::min(path.rfind('/'), path.size())));
      if (!stays || with_parent) {
        gone.insert(path);
        deleted += with_parent ? "" : fmt::format("Node-path: trunk/{}\nNode-action: delete\n\n\n", path);
      }
    }
    for (const auto& [path, entry] : tree) {
      const auto before = tree_.find(path);
      const bool is_directory = entry.kind == Node::Kind::directory;
      const bool change = before != tree_.end() && !gone.contains(path);
      if (change && before->second == entry) {
        continue;
      }
      added += is_directory ? directory("trunk/" + path, "add", {})
                            : file("trunk/" + path, entry, change ? "change" : "add");
    }
    tree_ = tree;
    return load(revision() + deleted + added);
  }
  /// Gives a file of `trunk` that content and those properties.
  std::string commit(const std::string& path, const std::string& content, const Properties& properties = {}) {
    const bool change = tree_.contains(path);
    tree_[path] = {Node::Kind::file, content};
    return load(revision() + node("trunk/" + path, "file", change ? "change" : "add", properties, &content));
  }
  /// Sets the properties of a directory that is there; "" is trunk.
  std::string set(const std::string& path, const Properties& properties) {
    return load(revision() + directory(path.empty() ? "trunk" : "trunk/" + path, "change", properties));
  }
  /// A commit that has nothing to do with trunk.
  std::string commit_elsewhere() { return load(revision() + directory(fmt::format("else{}", number_), "add", {})); }

private:
  static std::string revision() {
    return "Revision-number: 1\nProp-content-length: 10\nContent-length: 10\n\nPROPS-END\n\n";
  }
  static std::string node(const std::string& path, const std::string& kind, const std::string& action,
                          const Properties& properties, const std::string* content) {
    std::string block;
    for (const auto& [name, value] : properties) {
      block += fmt::format("K {}\n{}\nV {}\n{}\n", name.size(), name, value.size(), value);
    }
    block += "PROPS-END\n";
    const std::string text = content != nullptr ? *content : "";
    return fmt::format("Node-path: {}\nNode-kind: {}\nNode-action: {}\nProp-content-length: {}\n", path, kind, action,
                       block.size()) +
           (content != nullptr ? fmt::format("Text-content-length: {}\n", text.size()) : "") +
           fmt::format("Content-length: {}\n\n", block.size() + text.size()) + block + text + "\n\n";
  }
  static std::string directory(const std::string& path, const std::string& action, const Properties& properties) {
    return node(path, "dir", action, properties, nullptr);
  }
  static std::string file(const std::string& path, const MadeEntry& entry, const std::string& action) {
    Properties properties;
    if (entry.kind == Node::Kind::executable) {
      properties["svn:executable"] = "*";
    }
    if (entry.kind == Node::Kind::symlink) {
      properties["svn:special"] = "*";
    }
    const std::string content = (entry.kind == Node::Kind::symlink ? "link " : "") + entry.content;
    return node(path, "file", action, properties, &content);
  }
  std::string load(const std::string& commit) {
    const Path dump = path_ / "to-load";
    write_file(dump, "SVN-fs-dump-format-version: 2\n\n" + commit);
    const Fd input(::open(dump.c_str(), O_RDONLY | O_CLOEXEC));
    Command command{{"svnadmin", "load", "--quiet", "--bypass-prop-validation", "--ignore-dates", path_.native()},
                    {{"LC_ALL", "C.UTF-8"}}};
    command.input = input.get();
    EXPECT_THAT(run_and_capture(command, kMiB, {}), IsOk());
    return fmt::format("r{}", ++number_);
  }

  Path path_;
  MadeTree tree_;
  int number_ = 0;
};

/// svnserve, one for each connection, as inetd would start it. Counts them.
class SvnServer {
public:
  explicit SvnServer(Path root) : root_(std::move(root)) {}

  [[nodiscard]] std::string url(const std::string& below) const { return "svn://" + server_.endpoint() + "/" + below; }
  [[nodiscard]] int connections() const { return connections_; }

private:
  void serve(int socket, const std::stop_token& stop) {
    ++connections_;
    const timeval never{};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &never, sizeof never);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &never, sizeof never);
    std::vector<std::string> words = {"svnserve", "--inetd", "--root", root_.native()};
    std::vector<char*> argv = pointers_to(words);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, socket, 0);
    ::posix_spawn_file_actions_adddup2(&actions, socket, 1);
    pid_t pid = -1;
    const int error = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
      ADD_FAILURE() << "cannot start svnserve";
      return;
    }
    while (::waitpid(pid, nullptr, WNOHANG) == 0) {
      if (stop.stop_requested()) {
        ::kill(pid, SIGKILL);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  Path root_;
  std::atomic<int> connections_ = 0;
  TcpServer server_{[this](int socket, const std::stop_token& stop) { serve(socket, stop); }};
};

}  // namespace swarmout::test
