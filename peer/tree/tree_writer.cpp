#include "peer/tree/tree_writer.hpp"

#include "common/base/owner/ownership.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace swarmout {

Result<TreeWriter> TreeWriter::open(const Path& root) {
  TRY_ASSIGN(TreeFolders folders, TreeFolders::open(root));
  return TreeWriter(std::move(folders));
}

Result<void> TreeWriter::make_directory(const std::string& path) {
  const char* name = nullptr;
  TRY_ASSIGN(const int parent, folders_.parent_of(path, name));
  if (::mkdirat(parent, name, 0755) != 0) {
    return fail_errno("cannot create directory", folders_.shown(path).native(), errno);
  }
  hand_over(parent, name, folders_.root());
  return {};
}

Result<void> TreeWriter::make_symlink(const std::string& path, const std::string& target) {
  const char* name = nullptr;
  TRY_ASSIGN(const int parent, folders_.parent_of(path, name));
  if (::symlinkat(target.c_str(), parent, name) != 0) {
    return fail_errno("cannot create link", folders_.shown(path).native(), errno);
  }
  hand_over(parent, name, folders_.root());
  return {};
}

Result<Fd> TreeWriter::open_file(const std::string& path, bool executable, Create create) {
  const char* name = nullptr;
  TRY_ASSIGN(const int parent, folders_.parent_of(path, name));
  const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | (create == Create::may_exist ? 0 : O_EXCL);
  const unsigned mode = executable ? 0755 : 0644;
  int fd = ::openat(parent, name, flags, mode);
  if (fd < 0 && errno == EEXIST && create == Create::anew) {
    struct stat there {};
    const bool gone = ::fstatat(parent, name, &there, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(there.st_mode) &&
                      ::unlinkat(parent, name, 0) == 0;
    errno = EEXIST;
    fd = gone ? ::openat(parent, name, flags, mode) : -1;
  }
  if (fd < 0) {
    return fail_errno("cannot create", folders_.shown(path).native(), errno);
  }
  hand_over(parent, name, folders_.root());
  return Fd(fd);
}

Result<Fd> TreeWriter::open_for_reading(const std::string& path) {
  const char* name = nullptr;
  TRY_ASSIGN(const int parent, folders_.parent_of(path, name));
  const int fd = ::openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    return fail_errno("cannot open", folders_.shown(path).native(), errno);
  }
  Fd file(fd);
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    return fail(ErrorCode::not_found, folders_.shown(path).native() + " is not a regular file");
  }
  return file;
}

Result<void> TreeWriter::remove(const std::string& path) {
  const char* name = nullptr;
  TRY_ASSIGN(const int parent, folders_.parent_of(path, name));
  if (::unlinkat(parent, name, 0) != 0 && errno != ENOENT) {
    return fail_errno("cannot remove", folders_.shown(path).native(), errno);
  }
  return {};
}

Result<void> write_part(const Fd& file, ByteView content, Bytes offset, const std::string& path) {
  // All bytes are equal to the one before them, and the first is zero.
  const bool zeros = !content.empty() && content.front() == std::byte{0} &&
                     std::memcmp(content.data(), content.data() + 1, content.size() - 1) == 0;
  const std::size_t skipped = zeros ? content.size() - 1 : 0;
  return pwrite_all(file.get(), content.subspan(skipped), offset + skipped, path);
}

}  // namespace swarmout
