#include "common/share/directory/directory_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace swarmout {

Error share_error(Error error) {
  if (error.code == ErrorCode::not_found) {
    error.code = ErrorCode::temporary;
  }
  return error;
}

WallTime wall_time(const timespec& time) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(std::chrono::seconds(time.tv_sec) +
                                                                 std::chrono::nanoseconds(time.tv_nsec)));
}

void look_anew(const Path& directory) {
  struct statx ignored {};
  // Whether it can be looked at does not matter: who looks for something in it will hear of it.
  [[maybe_unused]] const int seen =
      ::statx(AT_FDCWD, directory.c_str(), AT_STATX_FORCE_SYNC, STATX_MTIME | STATX_CTIME, &ignored);
}

bool is_left_behind(std::string_view name, std::string_view writers_prefix) {
  return name.starts_with(writers_prefix) || name.starts_with(".nfs");
}

Result<std::vector<Path>> old_entries(const Path& directory, WallTime before, mode_t type, const WantedName& wanted) {
  TRY_ASSIGN(const auto names, list_directory(directory).map_error(share_error));
  std::vector<Path> old;
  for (const std::string& name : names) {
    struct stat info {};
    if (wanted(name) && ::lstat((directory / name).c_str(), &info) == 0 && (info.st_mode & S_IFMT) == type &&
        wall_time(info.st_mtim) < before) {
      old.push_back(directory / name);
    }
  }
  return old;
}

Result<void> remove_old_files(const Path& directory, WallTime before, const WantedName& wanted) {
  TRY_ASSIGN(const auto old, old_entries(directory, before, S_IFREG, wanted));
  for (const Path& path : old) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
      return fail_errno("cannot remove", path.native(), errno);
    }
  }
  return {};
}

}  // namespace swarmout
