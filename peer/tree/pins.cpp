#include "peer/tree/pins.hpp"

#include "common/base/failpoint.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

namespace swarmout {

namespace {

/// The lock is one of what was opened; meanwhile the path may lead to something else.
bool leads_to(const Path& path, int directory) {
  struct stat opened {};
  struct stat there {};
  return ::fstat(directory, &opened) == 0 && ::lstat(path.c_str(), &there) == 0 && opened.st_dev == there.st_dev &&
         opened.st_ino == there.st_ino;
}

Result<std::optional<Fd>> lock_tree(const Path& path, int how) {
  Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory.valid()) {
    return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? Result<std::optional<Fd>>(std::nullopt)
                                                                 : fail_errno("cannot pin", path.native(), errno);
  }
  failpoint("before-pin");
  while (::flock(directory.get(), how | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return std::nullopt;
    }
    if (errno != EINTR) {
      return fail_errno("cannot pin", path.native(), errno);
    }
  }
  return leads_to(path, directory.get()) ? std::optional(std::move(directory)) : std::nullopt;
}

}  // namespace

Result<std::optional<Pin>> pin_tree(const Path& path) {
  TRY_ASSIGN(auto locked, lock_tree(path, LOCK_SH));
  return locked ? std::optional<Pin>(std::in_place, *std::move(locked)) : std::nullopt;
}

Result<std::optional<Fd>> try_unpinned(const Path& path) {
  return lock_tree(path, LOCK_EX);
}

}  // namespace swarmout
