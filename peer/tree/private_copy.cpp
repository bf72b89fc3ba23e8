#include "peer/tree/private_copy.hpp"

#include "common/base/remove_tree.hpp"
#include "peer/tree/pins.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

namespace swarmout {

namespace {

constexpr std::size_t kCopyStep = 1U << 30U;
constexpr unsigned kExecutable = 0111;

class TreeCopier {
public:
  explicit TreeCopier(std::stop_token stop) : stop_(std::move(stop)) {}

  Result<void> copy(const Fd& from, const Fd& to, const Path& shown) {
    Fd again(::fcntl(from.get(), F_DUPFD_CLOEXEC, 0));
    const std::unique_ptr<DIR, int (*)(DIR*)> names(again.valid() ? ::fdopendir(again.get()) : nullptr, ::closedir);
    if (!names) {
      return fail_errno("cannot read", shown.native(), errno);
    }
    again.release();
    while (true) {
      errno = 0;
      const dirent* const entry = ::readdir(names.get());
      if (entry == nullptr) {
        return errno == 0 ? Result<void>() : fail_errno("cannot read", shown.native(), errno);
      }
      const std::string name = entry->d_name;
      if (name == "." || name == "..") {
        continue;
      }
      if (stop_.stop_requested()) {
        return fail(ErrorCode::temporary, "stopped on request");
      }
      TRY(copy_entry(from, to, name, shown / name));
    }
  }

private:
  Result<void> copy_entry(const Fd& from, const Fd& to, const std::string& name, const Path& shown) {
    struct stat info {};
    if (::fstatat(from.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return fail_errno("cannot look at", shown.native(), errno);
    }
    if (S_ISLNK(info.st_mode)) {
      return copy_link(from, to, name, shown);
    }
    if (S_ISREG(info.st_mode)) {
      return copy_file(from, to, name, info, shown);
    }
    if (!S_ISDIR(info.st_mode)) {
      return {};  // none of ours
    }
    Fd source(open_in(from.get(), name.c_str(), O_RDONLY | O_DIRECTORY));
    if (!source.valid() || ::mkdirat(to.get(), name.c_str(), 0755) != 0) {
      return fail_errno("cannot copy", shown.native(), errno);
    }
    Fd made(open_in(to.get(), name.c_str(), O_RDONLY | O_DIRECTORY));
    if (!made.valid()) {
      return fail_errno("cannot copy", shown.native(), errno);
    }
    return copy(source, made, shown);
  }

  static Result<void> copy_link(const Fd& from, const Fd& to, const std::string& name, const Path& shown) {
    std::array<char, 4097> target{};  // PATH_MAX and a NUL
    const ssize_t size = ::readlinkat(from.get(), name.c_str(), target.data(), target.size() - 1);
    if (size < 0 || ::symlinkat(target.data(), to.get(), name.c_str()) != 0) {
      return fail_errno("cannot copy", shown.native(), errno);
    }
    return {};
  }

  static Result<void> copy_file(const Fd& from, const Fd& to, const std::string& name, const struct stat& info,
                                const Path& shown) {
    Fd source(open_in(from.get(), name.c_str(), O_RDONLY));
    const unsigned mode = (info.st_mode & kExecutable) != 0 ? 0755 : 0644;
    Fd made(::openat(to.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!source.valid() || !made.valid()) {
      return fail_errno("cannot copy", shown.native(), errno);
    }
    if (::ioctl(made.get(), FICLONE, source.get()) != 0) {
      TRY(copy_bytes(source, made, shown));
    }
    const std::array<timespec, 2> times = {info.st_atim, info.st_mtim};
    ::futimens(made.get(), times.data());
    return made.close(shown.native());
  }

  static Result<void> copy_bytes(const Fd& from, const Fd& to, const Path& shown) {
    while (true) {
      const ssize_t moved = ::copy_file_range(from.get(), nullptr, to.get(), nullptr, kCopyStep, 0);
      if (moved == 0) {
        return {};
      }
      if (moved < 0 && errno != EINTR) {
        const bool not_here =
            errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM;
        return not_here ? copy_by_hand(from, to, shown) : fail_errno("cannot copy", shown.native(), errno);
      }
    }
  }

  static Result<void> copy_by_hand(const Fd& from, const Fd& to, const Path& shown) {
    std::vector<std::byte> buffer(256 * kKiB);
    while (true) {
      const ssize_t got = ::read(from.get(), buffer.data(), buffer.size());
      if (got == 0) {
        return {};
      }
      if (got < 0 && errno != EINTR) {
        return fail_errno("cannot read", shown.native(), errno);
      }
      if (got > 0) {
        TRY(write_all(to.get(), ByteView(buffer).first(static_cast<std::size_t>(got)), shown.native()));
      }
    }
  }

  std::stop_token stop_;
};

/// Locked before anybody can take it for one that was left.
Result<std::pair<Path, Fd>> make_locked_directory(const Path& dest) {
  while (true) {
    std::string name = (dest / fmt::format("{}XXXXXX", kCopyName)).native();
    if (::mkdtemp(name.data()) == nullptr) {
      return fail_errno("cannot make a copy in", dest.native(), errno);
    }
    TRY_ASSIGN(auto locked, try_unpinned(name));
    if (locked) {
      return std::pair<Path, Fd>(name, *std::move(locked));
    }
  }
}

/// Nothing is removed that somebody works in, or that another user has made: he does that himself.
Result<void> remove_left_copy(const Path& path) {
  const auto unused = try_unpinned(path);
  return unused && *unused ? remove_tree(path) : Result<void>();
}

}  // namespace

Result<PrivateCopy> PrivateCopy::make(const Path& dest, const Path& tree, std::stop_token stop) {
  TRY_ASSIGN(auto made, make_locked_directory(dest));
  PrivateCopy copy(std::move(made.first), std::move(made.second));
  TRY_ASSIGN(const Fd from, open_file(tree, O_RDONLY | O_DIRECTORY));
  TRY(TreeCopier(std::move(stop)).copy(from, copy.directory_, tree));
  return copy;
}

PrivateCopy::~PrivateCopy() {
  if (path_.empty()) {
    return;
  }
  directory_.reset();
  if (const auto removed = remove_left_copy(path_); !removed) {
    spdlog::warn("{}", to_string(removed.error()));
  }
}

Result<void> remove_left_copies(const Path& dest) {
  TRY_ASSIGN(const auto names, list_directory(dest));
  Result<void> all;
  for (const std::string& name : names) {
    if (name.starts_with(kCopyName)) {
      if (auto removed = remove_left_copy(dest / name); !removed && all) {
        all = std::move(removed);
      }
    }
  }
  return all;
}

}  // namespace swarmout
