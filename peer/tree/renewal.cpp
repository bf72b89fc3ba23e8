#include "peer/tree/renewal.hpp"

#include "common/base/failpoint.hpp"
#include "common/base/parallel.hpp"
#include "common/base/remove_tree.hpp"
#include "common/release/manifest_diff.hpp"
#include "common/release/tree_path.hpp"
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
#include <unordered_set>

namespace swarmout {

namespace {

constexpr std::size_t kFoldersAtOnce = 8;  ///< of Linux a folder has 15 files

/// What is known of a file before it is looked at.
struct FileHistory {
  std::uint64_t stamp = 0;  ///< that it has if nobody touched it; 0: there is none
  bool same_kind = false;   ///< as in the old tree
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
        all[i].same_kind = manifest.nodes[i].kind == old.manifest->nodes[j].kind;
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
      TRY(settle(directory, name, node, path));
    }
    return {};
  }

  /// Only what differs from the old tree, as that is known. Its directories are those of the new one by now, or in the
  /// place of what is something else there. What is in the way of something new is looked at, too.
  Result<void> renew_believing() {
    std::unordered_set<std::string_view> gone;  // directories
    const auto settle_at = [&](const std::string& path, std::optional<std::uint32_t> node) -> Result<void> {
      const char* name = nullptr;
      TRY_ASSIGN(const int parent, folders_.parent_of(path, name));
      return settle(parent, name, node, folder_part(path));
    };
    const auto settle_new = [&](std::uint32_t index) {
      const Node& node = manifest_.nodes[index];
      return node.kind == Node::Kind::directory ? Result<void>() : settle_at(node.path, index);
    };
    std::uint32_t next = 0;
    for (const Node& before : old_.manifest->nodes) {
      for (; next < manifest_.nodes.size() && manifest_.nodes[next].path < before.path; ++next) {
        TRY(settle_new(next));
      }
      const bool stays = next < manifest_.nodes.size() && manifest_.nodes[next].path == before.path;
      if (stays) {
        TRY(believe(before, next) ? Result<void>() : settle_new(next));
        ++next;
      } else if (!gone.contains(folder_part(before.path))) {
        TRY(settle_at(before.path, std::nullopt));
      }
      const bool is_gone = !stays || manifest_.nodes[next - 1].kind != Node::Kind::directory;
      if (is_gone && before.kind == Node::Kind::directory) {
        gone.insert(before.path);
      }
    }
    for (; next < manifest_.nodes.size(); ++next) {
      TRY(settle_new(next));
    }
    return {};
  }

private:
  /// What is there stays or goes.
  Result<void> settle(int directory, const std::string& name, std::optional<std::uint32_t> node, const Path& shown) {
    TRY_ASSIGN(const bool kept, node ? keep(directory, name, *node) : Result<bool>(false));
    if (kept) {
      result_.kept[*node] = 1;
    } else {
      TRY(remove_in(directory, name, folders_.shown((shown / name).native())));
    }
    failpoint("during-renewal");
    return {};
  }

  bool believe(const Node& before, std::uint32_t index) {
    const FileHistory& history = histories_[index];
    const Node& node = manifest_.nodes[index];
    const bool same =
        node.is_file() ? history.stamp != 0 && history.same_kind && history.as_active
                       : node.kind == Node::Kind::symlink && before.kind == node.kind && before.target == node.target;
    if (same) {
      result_.kept[index] = KeptNodes::kBelieved;
      result_.stamps[index] = history.stamp;
    }
    return same;
  }

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

}  // namespace

Result<KeptNodes> renew_tree(const Manifest& manifest, const Path& root, const OldTree& old,
                             const PreviousTree* previous) {
  const bool as_then = look_of(root) == old.look;  // as all that was made along with it
  TRY(set_root_right(root, old.look));
  {
    TRY_ASSIGN(TreeFolders folders, TreeFolders::open(root));
    for (const Node& node : manifest.nodes) {
      if (node.kind == Node::Kind::directory) {
        TRY(put_directory(folders, node.path, old.look));
      }
    }
  }
  Renewal all{manifest,
              root,
              old,
              previous,
              histories(manifest, old, previous),
              {std::vector<char>(manifest.nodes.size(), 0), std::vector<std::uint64_t>(manifest.nodes.size(), 0)}};
  if (old.believed && old.manifest != nullptr && as_then) {
    TRY_ASSIGN(FolderRenewal renewal, FolderRenewal::open(all));
    TRY(renewal.renew_believing());
    failpoint("after-renewal");
    return std::move(all.result);
  }
  const std::vector<FolderNodes> folders = folders_of(manifest);
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
  TRY(set_root_right(root, look));
  TRY_ASSIGN(const Fd directory, open_file(root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  TRY_ASSIGN(const auto names, names_in(directory.get(), root));
  for (const std::string& name : names) {
    TRY(remove_in(directory.get(), name, root / name));
  }
  return {};
}

}  // namespace swarmout
