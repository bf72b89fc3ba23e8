#include "common/base/remove_tree.hpp"

#include "common/base/mounts.hpp"
#include "common/base/owner/ownership.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>

namespace swarmout {

namespace {

/// Directories that are kept open on the way down, whatever the depth.
constexpr std::size_t kOpenLevels = 64;
/// A host of containers has a few thousand mounts of about 100 bytes.
constexpr Bytes kMaxMountTable = 16 * kMiB;

struct StreamCloser {
  void operator()(DIR* stream) const { ::closedir(stream); }
};
using Stream = std::unique_ptr<DIR, StreamCloser>;

tl::unexpected<Error> mounted(const Path& place) {
  return fail(ErrorCode::cannot_write, fmt::format("{} is a mount: it and what is around it stays", place.native()),
              "unmount it first");
}

/// What is mounted at `path` or below it. Only a look ahead, so that nothing is removed then: walking finds it, too.
std::optional<Path> mount_within(const Path& path) {
  const auto table = read_file("/proc/self/mounts", kMaxMountTable);
  std::error_code error;
  const Path parent = std::filesystem::canonical(path.has_parent_path() ? path.parent_path() : Path("."), error);
  return table && !error ? first_mount_within(parent / path.filename(), *table) : std::nullopt;
}

using Unlink = int (*)(int directory, const char* name, int flags);

/// unlinkat(2) of something in a directory of the tree.
int unlink_as_owner(int directory, const char* name, int flags) {
  return as_owner(directory, [&] { return ::unlinkat(directory, name, flags); });
}

/// Empties a directory without recursion, so that depth costs neither stack nor descriptors.
class TreeRemoval {
public:
  explicit TreeRemoval(const Path& path) : path_(path) {}

  Result<void> empty(int parent, const char* name) {
    TRY(enter(parent, name));
    while (!levels_.empty()) {
      errno = 0;
      const dirent* const entry = ::readdir(levels_.back().stream.get());
      if (entry == nullptr && errno != 0) {
        return fail_errno("cannot read directory", shown().native(), errno);
      }
      if (entry == nullptr) {
        TRY(leave());
      } else if (std::string_view(entry->d_name) != "." && std::string_view(entry->d_name) != "..") {
        TRY(remove(*entry));
      }
    }
    return {};
  }

private:
  struct Level {
    Stream stream;  ///< null while far above the current one
    std::string name;
    FileIdentity identity;  ///< known once the stream was given up
  };

  /// The current directory, or a name in it.
  Path shown(const std::string& name = "") const {
    Path place = path_;
    for (std::size_t i = 1; i < levels_.size(); ++i) {
      place /= levels_[i].name;
    }
    return name.empty() ? place : place / name;
  }

  Result<void> enter(int parent, const char* name) {
    const Path place = levels_.empty() ? path_ : shown(name);
    const int fd = open_directory_as_owner(parent, name);
    if (fd < 0 && errno == ENOENT) {
      return {};  // somebody else removed it
    }
    if (fd < 0) {
      return errno == EXDEV ? mounted(place) : fail_errno("cannot open directory", place.native(), errno);
    }
    DIR* const stream = ::fdopendir(fd);
    if (stream == nullptr) {
      const int error = errno;
      ::close(fd);
      return fail_errno("cannot read directory", place.native(), error);
    }
    levels_.push_back({Stream(stream), name, {}});
    if (levels_.size() > kOpenLevels) {
      TRY(give_up(levels_[levels_.size() - 1 - kOpenLevels]));
    }
    return {};
  }

  Result<void> remove(const dirent& entry) {
    const int fd = ::dirfd(levels_.back().stream.get());
    const std::string name = entry.d_name;
    if (entry.d_type != DT_DIR) {
      if (unlink_as_owner(fd, name.c_str(), 0) == 0 || errno == ENOENT) {
        return {};
      }
      if (errno == EBUSY) {
        return mounted(shown(name));
      }
      if (errno != EISDIR && errno != EPERM) {
        return fail_errno("cannot remove", shown(name).native(), errno);
      }
    }
    return enter(fd, name.c_str());
  }

  /// The current directory is empty.
  Result<void> leave() {
    const Path place = shown();
    const Level done = std::move(levels_.back());
    levels_.pop_back();
    if (levels_.empty()) {
      return {};  // the caller removes it
    }
    if (levels_.back().stream == nullptr) {
      TRY(take_up(levels_.back(), ::dirfd(done.stream.get())));
    }
    if (unlink_as_owner(::dirfd(levels_.back().stream.get()), done.name.c_str(), AT_REMOVEDIR) != 0 &&
        errno != ENOENT) {
      return fail_errno("cannot remove directory", place.native(), errno);
    }
    return {};
  }

  /// Closes a directory to which the way up leads back.
  Result<void> give_up(Level& level) {
    if (level.stream == nullptr) {
      return {};
    }
    const auto identity = identity_of(::dirfd(level.stream.get()));
    if (!identity) {
      return fail_errno("cannot look at a directory below", path_.native(), errno);
    }
    level.identity = *identity;
    level.stream.reset();
    return {};
  }

  /// Opens the parent of `child` again. Somebody may have moved `child` meanwhile: then ".." leads out of the tree.
  Result<void> take_up(Level& level, int child) {
    const int fd = open_in(child, "..", O_RDONLY | O_DIRECTORY);
    const auto identity = fd < 0 ? std::nullopt : identity_of(fd);
    if (fd < 0 || !identity || *identity != level.identity) {
      ::close(fd);
      return fail(ErrorCode::temporary,
                  fmt::format("a directory below {} was moved while it was removed", path_.native()));
    }
    level.stream.reset(::fdopendir(fd));
    return {};
  }

  const Path& path_;
  std::vector<Level> levels_;
};

Result<void> remove_by(Unlink unlink, int parent, const std::string& name, const Path& path) {
  if (unlink(parent, name.c_str(), 0) == 0 || errno == ENOENT) {
    return {};
  }
  if (errno == EBUSY) {
    return mounted(path);
  }
  if (errno != EISDIR && errno != EPERM) {
    return fail_errno("cannot remove", path.native(), errno);
  }
  if (const auto mount = mount_within(path)) {
    return mounted(*mount);
  }
  TRY(TreeRemoval(path).empty(parent, name.c_str()));
  if (unlink(parent, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
    return fail_errno("cannot remove directory", path.native(), errno);
  }
  return {};
}

}  // namespace

Result<void> remove_tree(const Path& path) {
  const Path whole = path.has_filename() ? path : path.parent_path();  // "dir/" is "dir"
  const std::string name = whole.filename().native();
  INVARIANT(!name.empty() && name != "." && name != "..");
  const Path directory = whole.has_parent_path() ? whole.parent_path() : Path(".");
  const auto parent = open_file(directory, O_RDONLY | O_DIRECTORY);
  if (!parent) {
    return parent.error().code == ErrorCode::not_found ? Result<void>() : tl::unexpected(parent.error());
  }
  return remove_by(::unlinkat, parent->get(), name, whole);
}

Result<void> remove_in(int parent, const std::string& name, const Path& path) {
  return remove_by(unlink_as_owner, parent, name, path);
}

}  // namespace swarmout
