#include "peer/tree/tree_folders.hpp"

#include "common/base/owner/ownership.hpp"
#include "common/base/remove_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace swarmout {

namespace {

constexpr const char* kInheritedList = "system.posix_acl_default";

/// The whole way in one call, where the kernel can. -1: it cannot, or something is wrong on the way.
int open_below(int root, std::string_view directory) {
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  return static_cast<int>(::syscall(SYS_openat2, root, std::string(directory).c_str(), &how, sizeof how));
}

/// A directory as it would be if it was made now.
Result<void> set_right(int directory, const DirectoryLook& look, const Path& shown) {
  struct stat info {};
  if (::fstat(directory, &info) != 0) {
    return fail_errno("cannot look at", shown.native(), errno);
  }
  if ((info.st_uid != look.owner || info.st_gid != look.group) && ::fchown(directory, look.owner, look.group) != 0) {
    return fail_errno("cannot change the owner of", shown.native(), errno);
  }
  for (const char* const list : {kAccessList, kInheritedList}) {
    if (::fgetxattr(directory, list, nullptr, 0) >= 0 && ::fremovexattr(directory, list) != 0) {
      return fail_errno("cannot remove the access control list of", shown.native(), errno);
    }
  }
  if ((::fstat(directory, &info) != 0 || (info.st_mode & kPermissions) != look.mode) &&
      ::fchmod(directory, look.mode) != 0) {
    return fail_errno("cannot change the mode of", shown.native(), errno);
  }
  return {};
}

}  // namespace

Result<TreeFolders> TreeFolders::open(const Path& root) {
  TreeFolders folders;
  TRY_ASSIGN(folders.root_, open_file(root, O_RDONLY | O_DIRECTORY));
  folders.shown_ = root;
  return folders;
}

Result<int> TreeFolders::parent_of(const std::string& path, const char*& name) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) {
    name = path.c_str();
    return root_.get();
  }
  name = path.c_str() + slash + 1;
  const std::string_view directory = std::string_view(path).substr(0, slash);
  if (cached_.valid() && directory == cached_path_) {
    return cached_.get();
  }
  if (Fd whole(open_below(root_.get(), directory)); whole.valid()) {
    cached_ = std::move(whole);
    cached_path_ = directory;
    return cached_.get();
  }
  // Step by step, which says where it fails: from the cached one if it is an ancestor, else from the root.
  std::string_view rest = directory;
  int at = root_.get();
  if (cached_.valid() && directory.starts_with(cached_path_) && directory[cached_path_.size()] == '/') {
    rest.remove_prefix(cached_path_.size() + 1);
    at = cached_.get();
  }
  Fd opened;
  while (!rest.empty()) {
    const std::string component(rest.substr(0, rest.find('/')));
    rest.remove_prefix(std::min(component.size() + 1, rest.size()));
    const int next = ::openat(at, component.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0) {
      return fail_errno("cannot open directory", shown(directory).native(), errno);
    }
    opened = Fd(next);
    at = next;
  }
  cached_ = std::move(opened);
  cached_path_ = directory;
  return cached_.get();
}

Result<int> TreeFolders::directory(const std::string& path) {
  const char* name = nullptr;
  return path.empty() ? Result<int>(root_.get()) : parent_of(path + "/.", name);
}

Result<std::vector<std::string>> names_in(int directory, const Path& shown) {
  Fd again(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(again.valid() ? ::fdopendir(again.get()) : nullptr, ::closedir);
  if (!listing) {
    return fail_errno("cannot open directory", shown.native(), errno);
  }
  again.release();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* const entry = ::readdir(listing.get())) {
    if (const std::string_view each = entry->d_name; each != "." && each != "..") {
      names.emplace_back(each);
    }
    errno = 0;
  }
  return errno == 0 ? Result<std::vector<std::string>>(std::move(names))
                    : fail_errno("cannot read directory", shown.native(), errno);
}

std::optional<DirectoryLook> look_of(const Path& directory) {
  struct stat info {};
  if (::lstat(directory.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) ||
      ::lgetxattr(directory.c_str(), kInheritedList, nullptr, 0) >= 0) {
    return std::nullopt;
  }
  return DirectoryLook{info.st_uid, info.st_gid, info.st_mode & kPermissions};
}

Result<void> set_root_right(const Path& root, const DirectoryLook& look) {
  const Path whole = root.has_filename() ? root : root.parent_path();
  TRY_ASSIGN(const Fd parent,
             open_file(whole.has_parent_path() ? whole.parent_path() : Path("."), O_RDONLY | O_DIRECTORY));
  const Fd directory(open_directory_as_owner(parent.get(), whole.filename().c_str()));
  return directory.valid() ? set_right(directory.get(), look, root)
                           : fail_errno("cannot open directory", root.native(), errno);
}

Result<void> put_directory(TreeFolders& folders, const std::string& path, const DirectoryLook& look) {
  const char* name = nullptr;
  TRY_ASSIGN(const int parent, folders.parent_of(path, name));
  const Path shown = folders.shown(path);
  const Fd directory(open_directory_as_owner(parent, name));
  if (!directory.valid() && errno == EXDEV) {
    return fail_errno("cannot open directory", shown.native(), errno);  // a mount
  }
  if (directory.valid() && set_right(directory.get(), look, shown)) {
    return {};
  }
  TRY(remove_in(parent, name, shown));
  if (::mkdirat(parent, name, 0755) != 0) {
    return fail_errno("cannot create directory", shown.native(), errno);
  }
  hand_over(parent, name, folders.root());
  return {};
}

}  // namespace swarmout
