// Work in namespaces of its own, where a test may mount things and make networks.

#pragma once

#include "common/base/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <optional>
#include <string>

namespace swarmout::test {

/// Runs `work` as root of a child process in new namespaces (CLONE_NEWNS, CLONE_NEWNET). Returns what it says; nullopt:
/// this machine makes no such namespaces. Only from tests that run no threads.
inline std::optional<std::string> in_namespaces(int which, const std::function<std::string()>& work) {
  constexpr int kNone = 77;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return std::nullopt;
  }
  Fd out(ends[0]);
  Fd in(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto write = [](const char* file, const std::string& text) {
      const auto opened = open_file(file, O_WRONLY);
      return opened && write_all(opened->get(), as_bytes(text), file);
    };
    const uid_t user = ::getuid();
    const gid_t group = ::getgid();
    const bool made = ::unshare(CLONE_NEWUSER | which) == 0 && write("/proc/self/setgroups", "deny") &&
                      write("/proc/self/uid_map", fmt::format("0 {} 1", user)) &&
                      write("/proc/self/gid_map", fmt::format("0 {} 1", group)) &&
                      ((which & CLONE_NEWNS) == 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
    if (!made) {
      ::_exit(kNone);
    }
    const auto said = write_all(in.get(), as_bytes(work()), "pipe");
    ::_exit(said ? 0 : 1);
  }
  in.reset();
  std::string said;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = ::read(out.get(), buffer.data(), buffer.size())) > 0;) {
    said.append(buffer.data(), static_cast<std::size_t>(got));
  }
  int status = -1;
  if (child < 0 || ::waitpid(child, &status, 0) != child || (WIFEXITED(status) && WEXITSTATUS(status) == kNone)) {
    return std::nullopt;
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? said : fmt::format("ended with {}: {}", status, said);
}

}  // namespace swarmout::test
