#include "common/base/files.hpp"

#include "common/base/digest.hpp"
#include "common/base/failpoint.hpp"
#include "common/base/host.hpp"
#include "common/base/owner/ownership.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

namespace swarmout {

namespace {

/// STATX_MNT_ID_UNIQUE, since Linux 6.8: a number that no later mount is given. Older ones may be given again.
constexpr unsigned kUniqueMount = 0x4000;

struct DirectoryCloser {
  void operator()(DIR* dir) const { ::closedir(dir); }
};
using Directory = std::unique_ptr<DIR, DirectoryCloser>;

Path parent_of(const Path& path) {
  const Path parent = path.parent_path();
  return parent.empty() ? Path(".") : parent;
}

/// A name beside `path` that no other process uses.
Path temporary_beside(const Path& path) {
  return parent_of(path) / fmt::format("{}{}", kTemporaryName, random_nonce_hex());
}

/// A new file beside `path` that is locked, so that nobody takes it for one that was left.
struct Temporary {
  Path path;
  Fd file;
};

Result<Temporary> make_temporary(const Path& path, unsigned mode) {
  while (true) {
    Temporary made{temporary_beside(path), {}};
    TRY_ASSIGN(made.file, open_file(made.path, O_WRONLY | O_CREAT | O_EXCL, mode));
    const bool locked = ::flock(made.file.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;  // else no locks here
    struct stat info {};
    if (locked && ::fstat(made.file.get(), &info) == 0 && info.st_nlink > 0) {
      return made;
    }
  }
}

/// And closes the file.
Result<void> fill(Fd& file, ByteView data, std::string_view shown, Durability durability) {
  TRY(write_all(file.get(), data, shown));
  if (durability == Durability::flushed && ::fsync(file.get()) != 0) {
    return fail_errno("cannot flush", shown, errno);
  }
  return file.close(shown);
}

bool is_dot(const char* name) {
  return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

}  // namespace

void Fd::reset() {
  if (fd_ >= 0) {
    ::close(fd_);
    fd_ = -1;
  }
}

Result<void> Fd::close(std::string_view path) {
  if (::close(std::exchange(fd_, -1)) != 0) {
    return fail_errno("cannot finish writing", path, errno);
  }
  return {};
}

Result<Fd> open_file(const Path& path, int flags, unsigned mode) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) {
    return fail_errno((flags & O_CREAT) != 0 ? "cannot create" : "cannot open", path.native(), errno);
  }
  return Fd(fd);
}

int open_in(int parent, const char* name, int flags, unsigned mode) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_NOFOLLOW | O_CLOEXEC | ((flags & O_PATH) != 0 ? 0 : O_NONBLOCK));
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS;
  const int fd = static_cast<int>(::syscall(SYS_openat2, parent, name, &how, sizeof how));
  if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) {  // EPERM: a container's filter that does not know the call
    return fd;
  }
  Fd plain(::openat(parent, name, static_cast<int>(how.flags), mode));
  if (!plain.valid()) {
    return -1;
  }
  const auto outside = identity_of(parent);
  const auto inside = identity_of(plain.get());
  if (!outside || !inside || !inside->same_mount(*outside)) {
    errno = EXDEV;
    return -1;
  }
  return plain.release();
}

std::optional<FileIdentity> identity_of(int fd) {
  struct statx info {};
  constexpr unsigned kMount = STATX_MNT_ID | kUniqueMount;
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_INO | kMount, &info) != 0) {
    return std::nullopt;
  }
  const std::uint64_t device = std::uint64_t{info.stx_dev_major} << 32U | info.stx_dev_minor;
  return FileIdentity{device, info.stx_ino, (info.stx_mask & kMount) != 0 ? info.stx_mnt_id : 0};
}

Result<void> write_all(int fd, ByteView data, std::string_view path) {
  while (!data.empty()) {
    const ssize_t written = ::write(fd, data.data(), data.size());
    if (written < 0) {
      if (errno == EINTR) {
        continue;
      }
      return fail_errno("cannot write", path, errno);
    }
    data = data.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> pwrite_all(int fd, ByteView data, Bytes offset, std::string_view path) {
  while (!data.empty()) {
    const ssize_t written = ::pwrite(fd, data.data(), data.size(), static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR) {
        continue;
      }
      return fail_errno("cannot write", path, errno);
    }
    data = data.subspan(static_cast<std::size_t>(written));
    offset += static_cast<Bytes>(written);
  }
  return {};
}

Result<void> pread_all(int fd, std::span<std::byte> out, Bytes offset, std::string_view path) {
  while (!out.empty()) {
    const ssize_t got = ::pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0) {
      if (errno == EINTR) {
        continue;
      }
      return fail_errno("cannot read", path, errno);
    }
    if (got == 0) {
      return fail(ErrorCode::refused, fmt::format("{} ends too early", path));
    }
    out = out.subspan(static_cast<std::size_t>(got));
    offset += static_cast<Bytes>(got);
  }
  return {};
}

Result<std::string> read_file(const Path& path, Bytes limit) {
  TRY_ASSIGN(const Fd file, open_file(path, O_RDONLY));
  return read_open_file(file.get(), limit, path.native());
}

Result<std::string> read_open_file(int fd, Bytes limit, std::string_view shown) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) {
    return fail_errno("cannot read", shown, errno);
  }
  if (static_cast<Bytes>(info.st_size) > limit) {
    return fail(ErrorCode::refused,
                fmt::format("{} has {} bytes, more than the {} allowed there", shown, info.st_size, limit));
  }
  std::string content;
  // Files of /proc and files that grow report a size that is not what can be read: go on until the end.
  content.resize(static_cast<std::size_t>(info.st_size));
  std::size_t filled = 0;
  while (true) {
    if (filled == content.size()) {
      content.resize(std::min<std::size_t>(content.size() + 4096, limit + 1));
    }
    const ssize_t got = ::read(fd, content.data() + filled, content.size() - filled);
    if (got < 0) {
      if (errno == EINTR) {
        continue;
      }
      return fail_errno("cannot read", shown, errno);
    }
    if (got == 0) {
      break;
    }
    filled += static_cast<std::size_t>(got);
    if (filled > limit) {
      return fail(ErrorCode::refused, fmt::format("{} is larger than the {} bytes allowed there", shown, limit));
    }
  }
  content.resize(filled);
  return content;
}

Result<void> write_new_file(const Path& path, ByteView data, std::string_view shown, unsigned mode,
                            Durability durability) {
  TRY_ASSIGN(Fd file, open_file(path, O_WRONLY | O_CREAT | O_EXCL, mode));
  return fill(file, data, shown, durability);
}

Result<void> replace_file(const Path& path, ByteView data, unsigned mode, Durability durability) {
  TRY_ASSIGN(Temporary temporary, make_temporary(path, mode));
  const Fd lock(::fcntl(temporary.file.get(), F_DUPFD_CLOEXEC, 0));  // until it has its name
  auto write = [&]() -> Result<void> {
    TRY(fill(temporary.file, data, path.native(), durability));
    hand_over(temporary.path);
    failpoint("before-replace");
    if (::rename(temporary.path.c_str(), path.c_str()) != 0) {
      return fail_errno("cannot replace", path.native(), errno);
    }
    return {};
  };
  if (auto written = write(); !written) {
    ::unlink(temporary.path.c_str());
    return written;
  }
  return durability == Durability::flushed ? sync_directory(parent_of(path)) : Result<void>();
}

Result<void> remove_left_temporaries(const Path& directory) {
  TRY_ASSIGN(const auto names, list_directory(directory));
  for (const std::string& name : names) {
    if (!name.starts_with(kTemporaryName)) {
      continue;
    }
    const Path path = directory / name;
    const Fd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat info {};
    const bool left = file.valid() && ::fstat(file.get(), &info) == 0 && S_ISREG(info.st_mode) &&
                      ::flock(file.get(), LOCK_EX | LOCK_NB) == 0;
    if (left && ::unlink(path.c_str()) != 0 && errno != ENOENT) {
      return fail_errno("cannot remove", path.native(), errno);
    }
  }
  return {};
}

Result<void> make_directories(const Path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    return fail_errno("cannot create directory", path.native(), error.value());
  }
  return {};
}

Path resolved_root(const Path& path) {
  std::error_code error;
  Path resolved = std::filesystem::weakly_canonical(path, error);
  return error ? std::filesystem::absolute(path, error) : resolved;
}

Result<void> sync_directory(const Path& path) {
  TRY_ASSIGN(const Fd dir, open_file(path, O_RDONLY | O_DIRECTORY));
  if (::fsync(dir.get()) != 0 && errno != EINVAL) {  // EINVAL: file systems that have nothing to flush
    return fail_errno("cannot flush directory", path.native(), errno);
  }
  return {};
}

Result<void> sync_filesystem(const Path& path) {
  TRY_ASSIGN(const Fd fd, open_file(path, O_RDONLY));
  if (::syncfs(fd.get()) != 0) {
    return fail_errno("cannot flush the file system of", path.native(), errno);
  }
  return {};
}

Result<void> replace_symlink(const Path& link, const std::string& target) {
  const Path temporary = temporary_beside(link);
  if (::symlink(target.c_str(), temporary.c_str()) != 0) {
    return fail_errno("cannot create link", temporary.native(), errno);
  }
  failpoint("before-link");
  if (::rename(temporary.c_str(), link.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return fail_errno("cannot switch link", link.native(), error);
  }
  return sync_directory(parent_of(link));
}

Result<std::vector<std::string>> list_directory(const Path& path) {
  TRY_ASSIGN(Fd opened, open_file(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  const Directory dir(::fdopendir(opened.get()));
  if (!dir) {
    return fail_errno("cannot read directory", path.native(), errno);
  }
  opened.release();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* const entry = ::readdir(dir.get())) {
    if (!is_dot(entry->d_name)) {
      names.emplace_back(entry->d_name);
    }
    errno = 0;
  }
  if (errno != 0) {
    return fail_errno("cannot read directory", path.native(), errno);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool path_exists(const Path& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

}  // namespace swarmout
