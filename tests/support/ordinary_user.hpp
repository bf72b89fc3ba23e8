// Work as a user whom modes hold back: root is refused nothing.

#pragma once

#include "common/base/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>

namespace swarmout::test {

/// Runs `work` in a child process, which is nobody if this one is root, and in any case the owner of `place` and all in
/// it. Returns what it says. Only from tests that run no threads.
inline std::string as_ordinary_user(const Path& place, const std::function<std::string()>& work) {
  constexpr uid_t kNobody = 65534;
  const bool root = ::geteuid() == 0;
  bool given = !root || ::lchown(place.c_str(), kNobody, kNobody) == 0;
  if (root) {
    for (const auto& each : std::filesystem::recursive_directory_iterator(place)) {
      given = ::lchown(each.path().c_str(), kNobody, kNobody) == 0 && given;
    }
  }
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return "no pipe";
  }
  Fd out(ends[0]);
  Fd in(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    const bool became =
        !root || (given && ::setgroups(0, nullptr) == 0 && ::setgid(kNobody) == 0 && ::setuid(kNobody) == 0);
    const auto said = write_all(in.get(), as_bytes(became ? work() : std::string("cannot become nobody")), "pipe");
    ::_exit(said ? 0 : 1);
  }
  in.reset();
  std::string said;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = ::read(out.get(), buffer.data(), buffer.size())) > 0;) {
    said.append(buffer.data(), static_cast<std::size_t>(got));
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? said : fmt::format("ended with {}: {}", status, said);
}

/// What a child says of a result: "well", or the error.
template <typename T>
std::string words_of(const Result<T>& result) {
  return result ? "well" : to_string(result.error());
}

}  // namespace swarmout::test
