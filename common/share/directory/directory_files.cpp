#include "common/share/directory/directory_files.hpp"

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
