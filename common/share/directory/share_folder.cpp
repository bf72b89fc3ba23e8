#include "common/share/directory/share_folder.hpp"

#include "common/base/failpoint.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>

namespace swarmout {

namespace {

/// Where a server runs on this host, too, it may have promised a client that nobody opens a file (a lease), and takes
/// that back first.
constexpr std::chrono::milliseconds kLeasePause{20};
constexpr int kLeaseTries = 250;

struct StreamEnd {
  void operator()(DIR* stream) const { ::closedir(stream); }
};

bool is_dots(const char* name) {
  return std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0;
}

bool is_no_way(int error) {
  return error == ELOOP || error == ENOTDIR || error == EXDEV;
}

const char* kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFLNK:
      return "a link";
    case S_IFDIR:
      return "a directory";
    case S_IFIFO:
      return "a FIFO";
    case S_IFSOCK:
      return "a socket";
    case S_IFCHR:
    case S_IFBLK:
      return "a device";
    default:
      return "no file of this share";
  }
}

tl::unexpected<Error> no_folder(const Path& path, int error) {
  if (!is_no_way(error)) {
    return fail_errno("cannot open directory", path.native(), error);
  }
  return fail(ErrorCode::temporary,
              fmt::format("{} is no directory of the share, but {}", path.native(),
                          error == EXDEV ? "another mount" : "a link or something else"),
              "find out who put it there, remove it, and run `swarmout init` again");
}

}  // namespace

Error share_error(Error error) {
  if (error.code == ErrorCode::not_found) {
    error.code = ErrorCode::temporary;
  }
  return error;
}

WallTime wall_time(const timespec& time) {
  return wall_time(std::chrono::seconds(time.tv_sec), std::chrono::nanoseconds(time.tv_nsec));
}

Result<ShareFolder> ShareFolder::root(const Path& root) {
  Fd fd(::open(root.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  return fd.valid() ? Result<ShareFolder>(ShareFolder(root, std::move(fd))) : no_folder(root, errno);
}

Result<ShareFolder> ShareFolder::open(const Path& root, const std::string& name) {
  TRY_ASSIGN(const ShareFolder top, ShareFolder::root(root));
  return top.folder(name);
}

Result<ShareFolder> ShareFolder::folder(const std::string& name) const {
  Fd fd(open_in(fd_.get(), name.c_str(), O_PATH | O_DIRECTORY));
  return fd.valid() ? Result<ShareFolder>(ShareFolder(path_ / name, std::move(fd))) : no_folder(path_ / name, errno);
}

Result<FileIdentity> ShareFolder::identity() const {
  const auto identity = identity_of(fd_.get());
  return identity ? Result<FileIdentity>(*identity) : fail_errno("cannot look at", path_.native(), errno);
}

std::optional<struct stat> ShareFolder::look(const std::string& name) const {
  struct stat info {};
  const bool seen = ::fstatat(fd_.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0;
  return seen ? std::optional(info) : std::nullopt;
}

bool ShareFolder::has_file(const std::string& name) const {
  const auto there = look(name);
  return there && S_ISREG(there->st_mode);
}

bool ShareFolder::has_folder(const std::string& name) const {
  const auto there = look(name);
  return there && S_ISDIR(there->st_mode);
}

tl::unexpected<Error> ShareFolder::no_file(const std::string& name, mode_t mode) const {
  if (S_ISFIFO(mode)) {
    failpoint("fifo-on-share");  // stands for a file whose server is away
  }
  return fail(ErrorCode::refused, fmt::format("{} is no file, but {}", (path_ / name).native(), kind_of(mode)),
              "find out who put it there, and remove it");
}

Result<Fd> ShareFolder::open_file(const std::string& name, int flags, unsigned mode) const {
  const auto before = look(name);  // to open a device may do something already
  if (before && !S_ISREG(before->st_mode)) {
    return no_file(name, before->st_mode);
  }
  Fd file(open_in(fd_.get(), name.c_str(), flags, mode));
  for (int i = 0; !file.valid() && errno == EAGAIN && i < kLeaseTries; ++i) {
    std::this_thread::sleep_for(kLeasePause);
    file = Fd(open_in(fd_.get(), name.c_str(), flags, mode));
  }
  if (!file.valid()) {
    const int error = errno;
    const bool other = is_no_way(error) || error == ENXIO || error == EISDIR || error == EOVERFLOW;  // of 2 GiB
    return other ? no_file(name, error == ELOOP ? S_IFLNK : 0)
                 : fail_errno((flags & O_CREAT) != 0 ? "cannot create" : "cannot open", (path_ / name).native(), error);
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) {
    return fail_errno("cannot look at", (path_ / name).native(), errno);
  }
  return S_ISREG(info.st_mode) ? Result<Fd>(std::move(file)) : no_file(name, info.st_mode);
}

Result<Fd> ShareFolder::open_own_file(const std::string& name) const {
  auto file = open_file(name, O_WRONLY | O_CREAT);
  struct stat info {};
  const bool ours = file && ::fstat(file->get(), &info) == 0 && info.st_nlink <= 1;
  if (ours || (!file && file.error().code != ErrorCode::refused)) {
    return file;
  }
  // A second name of a file that is somebody else's, perhaps; to take a name away changes nothing in what it named.
  TRY(remove(name));
  return open_file(name, O_WRONLY | O_CREAT | O_EXCL);
}

Result<std::string> ShareFolder::read_file(const std::string& name, Bytes limit) const {
  TRY_ASSIGN(const Fd file, open_file(name, O_RDONLY));
  return read_open_file(file.get(), limit, (path_ / name).native());
}

Result<void> ShareFolder::write_new_file(const std::string& name, ByteView data, std::string_view shown) const {
  TRY_ASSIGN(Fd file, open_file(name, O_WRONLY | O_CREAT | O_EXCL));
  TRY(write_all(file.get(), data, shown));
  if (::fsync(file.get()) != 0) {
    return fail_errno("cannot flush", shown, errno);
  }
  return file.close(shown);
}

Result<void> ShareFolder::make_folder(const std::string& name) const {
  return ::mkdirat(fd_.get(), name.c_str(), 0755) == 0 ? Result<void>()
                                                       : fail_errno("cannot create", (path_ / name).native(), errno);
}

Result<void> ShareFolder::rename(const std::string& from, const std::string& to) const {
  return ::renameat(fd_.get(), from.c_str(), fd_.get(), to.c_str()) == 0
             ? Result<void>()
             : fail_errno("cannot create", (path_ / to).native(), errno);
}

Result<void> ShareFolder::remove(const std::string& name) const {
  return ::unlinkat(fd_.get(), name.c_str(), 0) == 0 || errno == ENOENT
             ? Result<void>()
             : fail_errno("cannot remove", (path_ / name).native(), errno);
}

Result<void> ShareFolder::remove_folder(const std::string& name) const {
  return ::unlinkat(fd_.get(), name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT
             ? Result<void>()
             : fail_errno("cannot remove directory", (path_ / name).native(), errno);
}

Result<void> ShareFolder::sync() const {
  const Fd self(open_in(fd_.get(), ".", O_RDONLY | O_DIRECTORY));
  if (!self.valid() || (::fsync(self.get()) != 0 && errno != EINVAL)) {  // EINVAL: where there is nothing to flush
    return fail_errno("cannot flush directory", path_.native(), errno);
  }
  return {};
}

void ShareFolder::look_anew() const {
  struct statx ignored {};
  // Whether it can be looked at does not matter: who looks for something in it will hear of it.
  [[maybe_unused]] const int seen =
      ::statx(fd_.get(), "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_MTIME | STATX_CTIME, &ignored);
}

Result<void> ShareFolder::each(std::size_t limit, const std::function<void(const char*)>& visit) const {
  Fd self(open_in(fd_.get(), ".", O_RDONLY | O_DIRECTORY));
  const std::unique_ptr<DIR, StreamEnd> stream(self.valid() ? ::fdopendir(self.get()) : nullptr);
  if (!stream) {
    return fail_errno("cannot read directory", path_.native(), errno);
  }
  self.release();
  std::size_t seen = 0;
  errno = 0;
  while (const dirent* const entry = ::readdir(stream.get())) {
    if (!is_dots(entry->d_name)) {
      if (++seen > limit) {
        return fail(ErrorCode::refused, fmt::format("{} has more than {} names", path_.native(), limit),
                    "find out who fills it, and remove what is not the fleet's");
      }
      visit(entry->d_name);
    }
    errno = 0;
  }
  return errno == 0 ? Result<void>() : fail_errno("cannot read directory", path_.native(), errno);
}

bool is_left_behind(std::string_view name, std::string_view writers_prefix) {
  return name.starts_with(writers_prefix) || name.starts_with(".nfs");
}

Result<std::vector<std::string>> old_names(const ShareFolder& folder, WallTime before, mode_t type,
                                           const WantedName& wanted) {
  std::vector<std::string> old;
  // However many there are: who fills a directory shall not keep it from being emptied.
  TRY(folder.each(kMaxLogNames, [&](const char* name) {
    const auto info = old.size() < kMaxRemoved && wanted(name) ? folder.look(name) : std::nullopt;
    if (info && S_ISDIR(info->st_mode) == S_ISDIR(type) && wall_time(info->st_mtim) < before) {
      old.emplace_back(name);
    }
  }));
  return old;
}

Result<void> remove_old_files(const ShareFolder& folder, WallTime before, const WantedName& wanted) {
  TRY_ASSIGN(const auto old, old_names(folder, before, S_IFREG, wanted));
  for (const std::string& name : old) {
    TRY(folder.remove(name));
  }
  return {};
}

}  // namespace swarmout
