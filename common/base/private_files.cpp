#include "common/base/private_files.hpp"

#include "common/base/owner/ownership.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace swarmout {

namespace {

constexpr mode_t kOthers = 077;
constexpr mode_t kPrivateFile = 0600;

bool is_still(const Path& path, const struct stat& file) {
  struct stat now {};
  return ::lstat(path.c_str(), &now) == 0 && now.st_dev == file.st_dev && now.st_ino == file.st_ino;
}

}  // namespace

Result<void> check_private(const Path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) == 0 && (info.st_mode & 077) != 0) {
    return fail(ErrorCode::cannot_write, fmt::format("{} can be read by others", file.native()),
                fmt::format("chmod 600 {}", file.native()));
  }
  return {};
}

std::optional<Path> handed_credential(const std::string& name) {
  const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory != '/') {
    return std::nullopt;
  }
  Path file = Path(directory) / name;
  return path_exists(file) ? std::optional(std::move(file)) : std::nullopt;
}

Result<void> make_private_directory(const Path& path, Closing closing) {
  TRY(make_directories(path));
  if (closing == Closing::quiet) {
    hand_over(path);  // also what an older version has left
  }
  TRY_ASSIGN(const Fd directory, open_file(path, O_RDONLY | O_DIRECTORY));
  struct stat info {};
  if (::fstat(directory.get(), &info) != 0) {
    return fail_errno("cannot look at", path.native(), errno);
  }
  if (info.st_uid != ::geteuid() && ::geteuid() != 0) {
    return fail(ErrorCode::cannot_write, fmt::format("{} belongs to another user", path.native()),
                "run this as its owner, or give it a directory of its own");
  }
  if ((info.st_mode & kOthers) == 0) {
    return {};
  }
  if (::fchmod(directory.get(), info.st_mode & 07777 & ~kOthers) != 0) {
    return fail_errno("cannot close to others:", path.native(), errno);
  }
  std::error_code unknown;
  const bool just_made = std::filesystem::is_empty(path, unknown);  // with the modes of the umask
  if (closing == Closing::said && !just_made) {
    spdlog::warn("{} was open to other users of this host: its mode is 0700 now", path.native());
  }
  return {};
}

Result<std::optional<Fd>> try_lock(const Path& path, LockKind kind) {
  while (true) {
    TRY_ASSIGN(Fd lock, open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, kPrivateFile));
    hand_over(path);
    struct stat info {};
    if (::fstat(lock.get(), &info) != 0) {
      return fail_errno("cannot lock", path.native(), errno);
    }
    if ((info.st_mode & kOthers) != 0 || !S_ISREG(info.st_mode)) {
      spdlog::warn("{} could be opened by others, who could hold it: it is made anew", path.native());
      TRY(replace_file(path, {}, kPrivateFile, Durability::cached));
      continue;
    }
    if (::flock(lock.get(), (kind == LockKind::exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
      return errno == EWOULDBLOCK ? Result<std::optional<Fd>>(std::nullopt)
                                  : fail_errno("cannot lock", path.native(), errno);
    }
    if (is_still(path, info)) {  // else it was removed or replaced between the two calls
      return std::optional(std::move(lock));
    }
  }
}

}  // namespace swarmout
