#include "peer/tree/renewal.hpp"

#include "common/base/failpoint.hpp"
#include "common/base/owner/ownership.hpp"
#include "common/base/parallel.hpp"
#include "common/base/remove_tree.hpp"
#include "common/release/manifest_diff.hpp"
#include "peer/tree/folder_nodes.hpp"
#include "peer/tree/reuse.hpp"
#include "peer/tree/tree_folders.hpp"
#include "peer/tree/tree_stamps.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace swarmout {

namespace {

constexpr std::size_t kFoldersAtOnce = 8;  ///< of Linux a folder has 15 files
constexpr mode_t kPermissions = 07777;
constexpr const char* kAccessList = "system.posix_acl_access";
constexpr const char* kInheritedList = "system.posix_acl_default";

/// What is known of a file before it is looked at.
struct FileHistory {
  std::uint64_t stamp = 0;  ///< that it has if nobody touched it; 0: there is none
  bool maybe = true;        ///< false: it had other content, or was not there
  bool as_active = true;    ///< the active tree has the same
  bool has_active = false;  ///< and it is known
};

/// Calls `both(i, j)` for nodes of the same path. Both are sorted.
template <typename Both>
void for_each_pair(const Manifest& a, const Manifest& b, Both both) {
  for (std::size_t i = 0, j = 0; i < a.nodes.size() && j < b.nodes.size();) {
    const int order = a.nodes[i].path.compare(b.nodes[j].path);
    if (order == 0) {
      both(i, j);
    }
    i += order <= 0 ? 1 : 0;
    j += order >= 0 ? 1 : 0;
  }
}

std::vector<FileHistory> histories(const Manifest& manifest, const OldTree& old, const PreviousTree* previous) {
  std::vector<FileHistory> all(manifest.nodes.size());
  if (old.manifest != nullptr) {
    for (FileHistory& each : all) {
      each.maybe = false;
    }
    for_each_pair(manifest, *old.manifest, [&](std::size_t i, std::size_t j) {
      if (same_content(manifest, manifest.nodes[i], *old.manifest, old.manifest->nodes[j])) {
        all[i].maybe = true;
        all[i].stamp = j < old.stamps.size() ? old.stamps[j] : 0;
      }
    });
  }
  if (previous != nullptr) {
    for (FileHistory& each : all) {
      each.as_active = false;
    }
    for_each_pair(manifest, previous->manifest, [&](std::size_t i, std::size_t j) {
      all[i].as_active = same_content(manifest, manifest.nodes[i], previous->manifest, previous->manifest.nodes[j]);
      all[i].has_active = all[i].as_active;
    });
  }
  return all;
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

/// One that its owner may lack the right to open, too.
int open_directory_of_tree(int parent, const char* name) {
  const int fd = open_in(parent, name, O_RDONLY | O_DIRECTORY);
  if (fd >= 0 || errno != EACCES) {
    return fd;
  }
  const bool opened = open_to_owner(parent, name);
  errno = EACCES;
  return opened ? open_in(parent, name, O_RDONLY | O_DIRECTORY) : -1;
}

Result<void> open_root(const Path& root, const DirectoryLook& look) {
  const Path whole = root.has_filename() ? root : root.parent_path();
  TRY_ASSIGN(const Fd parent,
             open_file(whole.has_parent_path() ? whole.parent_path() : Path("."), O_RDONLY | O_DIRECTORY));
  const Fd directory(open_directory_of_tree(parent.get(), whole.filename().c_str()));
  return directory.valid() ? set_right(directory.get(), look, root)
                           : fail_errno("cannot open directory", root.native(), errno);
}

/// What all threads have in common.
struct Renewal {
  const Manifest& manifest;
  const Path& root;
  const OldTree& old;
  const PreviousTree* previous;
  std::vector<FileHistory> histories;
  KeptNodes result;
};

/// Of one thread: with a buffer for what is read.
class FolderRenewal {
public:
  static Result<FolderRenewal> open(Renewal& all) {
    TRY_ASSIGN(TreeFolders folders, TreeFolders::open(all.root));
    FolderRenewal renewal(all, std::move(folders));
    if (auto active = all.previous != nullptr ? TreeFolders::open(all.previous->directory) : Result<TreeFolders>()) {
      renewal.active_ = *std::move(active);  // else it is gone: times are now
    }
    return renewal;
  }

  /// Of what is in one directory. Those below it have been put right.
  Result<void> renew(const FolderNodes& folder) {
    const std::string path(folder.path);
    TRY_ASSIGN(const int directory, folders_.directory(path));
    TRY_ASSIGN(const auto names, names_in(directory, folders_.shown(path)));
    for (const std::string& name : names) {
      const auto node = node_in(manifest_, folder, name);
      if (node && manifest_.nodes[*node].kind == Node::Kind::directory) {
        continue;
      }
      TRY_ASSIGN(const bool kept, node ? keep(directory, name, *node) : Result<bool>(false));
      if (kept) {
        result_.kept[*node] = 1;
      } else {
        TRY(remove_in(directory, name, folders_.shown(path) / name));
      }
      failpoint("during-renewal");
    }
    return {};
  }

private:
  FolderRenewal(Renewal& all, TreeFolders folders)
      : manifest_(all.manifest),
        old_(all.old),
        histories_(all.histories),
        result_(all.result),
        folders_(std::move(folders)) {}

  Result<bool> keep(int directory, const std::string& name, std::uint32_t index) {
    const Node& node = manifest_.nodes[index];
    struct stat info {};
    if (::fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return errno == ENOENT ? Result<bool>(false) : fail_errno("cannot look at", node.path, errno);
    }
    if (info.st_uid != old_.look.owner || info.st_gid != old_.look.group || info.st_nlink != 1) {
      return false;
    }
    return node.is_file() ? keep_file(directory, name, index, info) : keep_link(directory, name, node, info);
  }

  static Result<bool> keep_link(int directory, const std::string& name, const Node& node, const struct stat& info) {
    std::string target(node.target.size() + 1, '\0');  // one more than it should be is enough to tell
    const ssize_t got =
        S_ISLNK(info.st_mode) ? ::readlinkat(directory, name.c_str(), target.data(), target.size()) : -1;
    return got >= 0 && std::string_view(target).substr(0, static_cast<std::size_t>(got)) == node.target;
  }

  Result<bool> keep_file(int directory, const std::string& name, std::uint32_t index, const struct stat& info) {
    const Node& node = manifest_.nodes[index];
    const FileHistory& history = histories_[index];
    if (!S_ISREG(info.st_mode) || static_cast<Bytes>(info.st_size) != node.size || !history.maybe) {
      return false;
    }
    const bool untouched = history.stamp != 0 && stamp_of(info) == history.stamp;
    if (untouched && (info.st_mode & kPermissions) == mode_of(node) && history.as_active) {
      result_.stamps[index] = history.stamp;
      return true;
    }
    return keep_after_reading(directory, name, index, untouched);
  }

  /// What has to be changed is changed first, so that whoever writes to it from then on shows in its times.
  Result<bool> keep_after_reading(int directory, const std::string& name, std::uint32_t index, bool untouched) {
    const Node& node = manifest_.nodes[index];
    const Fd file(open_in(directory, name.c_str(), O_RDONLY));
    if (!file.valid()) {
      return errno == EXDEV ? fail_errno("cannot open", node.path, errno) : Result<bool>(false);
    }
    struct stat info {};
    const bool ours = ::fstat(file.get(), &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink == 1 &&
                      static_cast<Bytes>(info.st_size) == node.size &&
                      ::fgetxattr(file.get(), kAccessList, nullptr, 0) < 0;
    if (!ours || !set_mode(file.get(), info, mode_of(node)) || !set_time(file.get(), info, index, untouched) ||
        ::fstat(file.get(), &info) != 0 || !content_fits(manifest_, node, file.get(), buffer_)) {
      return false;
    }
    result_.stamps[index] = stamp_of(info);
    return true;
  }

  static bool set_mode(int file, const struct stat& info, mode_t mode) {
    return (info.st_mode & kPermissions) == mode || ::fchmod(file, mode) == 0;
  }

  /// As it would be in a tree made anew: that of the active one, or now.
  bool set_time(int file, const struct stat& info, std::uint32_t index, bool untouched) {
    const FileHistory& history = histories_[index];
    if (untouched && history.as_active) {
      return true;
    }
    std::array<timespec, 2> times = {timespec{0, UTIME_OMIT}, timespec{0, UTIME_NOW}};
    if (const auto active = history.has_active ? time_in_active(index) : std::nullopt) {
      times[1] = *active;
    }
    const bool right = times[1].tv_sec == info.st_mtim.tv_sec && times[1].tv_nsec == info.st_mtim.tv_nsec;
    return right || ::futimens(file, times.data()) == 0;
  }

  std::optional<timespec> time_in_active(std::uint32_t index) {
    const char* name = nullptr;
    const auto parent = active_ ? active_->parent_of(manifest_.nodes[index].path, name) : Result<int>(-1);
    struct stat info {};
    const bool there =
        parent && *parent >= 0 && ::fstatat(*parent, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode);
    return there ? std::optional(info.st_mtim) : std::nullopt;
  }

  mode_t mode_of(const Node& node) const {
    const mode_t wanted = node.kind == Node::Kind::executable ? 0755 : 0644;
    return wanted & old_.look.mode;  // directories are made with 0755, and what the umask takes from that is not there
  }

  const Manifest& manifest_;
  const OldTree& old_;
  const std::vector<FileHistory>& histories_;
  KeptNodes& result_;
  TreeFolders folders_;
  std::optional<TreeFolders> active_;
  std::vector<std::byte> buffer_;
};

Result<void> put_directory(TreeFolders& folders, const Node& node, const DirectoryLook& look) {
  const char* name = nullptr;
  TRY_ASSIGN(const int parent, folders.parent_of(node.path, name));
  const Path shown = folders.shown(node.path);
  const Fd directory(open_directory_of_tree(parent, name));
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

}  // namespace

std::optional<DirectoryLook> look_of(const Path& directory) {
  struct stat info {};
  if (::lstat(directory.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) ||
      ::lgetxattr(directory.c_str(), kInheritedList, nullptr, 0) >= 0) {
    return std::nullopt;
  }
  return DirectoryLook{info.st_uid, info.st_gid, info.st_mode & kPermissions};
}

Result<KeptNodes> renew_tree(const Manifest& manifest, const Path& root, const OldTree& old,
                             const PreviousTree* previous) {
  TRY(open_root(root, old.look));
  {
    TRY_ASSIGN(TreeFolders folders, TreeFolders::open(root));
    for (const Node& node : manifest.nodes) {
      if (node.kind == Node::Kind::directory) {
        TRY(put_directory(folders, node, old.look));
      }
    }
  }
  const std::vector<FolderNodes> folders = folders_of(manifest);
  Renewal all{manifest,
              root,
              old,
              previous,
              histories(manifest, old, previous),
              {std::vector<char>(manifest.nodes.size(), 0), std::vector<std::uint64_t>(manifest.nodes.size(), 0)}};
  const auto done = parallel_ranges(
      folders.size(), kFoldersAtOnce, [&] { return FolderRenewal::open(all); },
      [&](std::size_t begin, std::size_t end, Result<FolderRenewal>& renewal) -> Result<void> {
        if (!renewal) {
          return tl::unexpected(renewal.error());
        }
        for (std::size_t i = begin; i < end; ++i) {
          TRY(renewal->renew(folders[i]));
        }
        return {};
      });
  TRY(done);
  failpoint("after-renewal");
  return std::move(all.result);
}

Result<void> empty_tree(const Path& root, const DirectoryLook& look) {
  TRY(open_root(root, look));
  TRY_ASSIGN(const Fd directory, open_file(root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  TRY_ASSIGN(const auto names, names_in(directory.get(), root));
  for (const std::string& name : names) {
    TRY(remove_in(directory.get(), name, root / name));
  }
  return {};
}

}  // namespace swarmout
