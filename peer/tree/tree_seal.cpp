#include "peer/tree/tree_seal.hpp"

#include "common/base/key_values.hpp"
#include "common/base/parallel.hpp"
#include "peer/tree/folder_nodes.hpp"
#include "peer/tree/renewal.hpp"
#include "peer/tree/reuse.hpp"
#include "peer/tree/tree_folders.hpp"
#include "peer/tree/tree_stamps.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace swarmout {

namespace {

constexpr std::size_t kSealedAtOnce = 8;  // folders

tl::unexpected<Error> changed_meanwhile(std::string_view path) {
  return fail(ErrorCode::temporary,
              fmt::format("\"{}\" was changed by somebody while the tree was made", escape_value(path)),
              "it is made again; see who works in DEST below .incoming-…");
}

/// By the file system's own clock: a time of the root that nobody needs is set to it.
std::optional<timespec> now_of(const Path& root) {
  const auto directory = open_file(root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const std::array<timespec, 2> times = {timespec{0, UTIME_NOW}, timespec{0, UTIME_OMIT}};
  struct stat info {};
  const bool told =
      directory && ::futimens(directory->get(), times.data()) == 0 && ::fstat(directory->get(), &info) == 0;
  return told ? std::optional(info.st_ctim) : std::nullopt;
}

/// What all threads have in common.
struct Sealing {
  const Manifest& manifest;
  std::span<const std::uint64_t> made;
  std::span<const char> kept;
  std::optional<timespec> now;
};

/// Of one thread.
class FolderSeal {
public:
  static Result<FolderSeal> open(const Sealing& all, const Path& root, std::vector<std::uint64_t>& stamps) {
    TRY_ASSIGN(TreeFolders folders, TreeFolders::open(root));
    return FolderSeal(all, std::move(folders), stamps);
  }

  Result<void> seal(const FolderNodes& folder) {
    const std::string path(folder.path);
    const auto directory = folders_.directory(path);
    if (!directory) {
      return changed_meanwhile(path);
    }
    TRY_ASSIGN(const auto names, names_in(*directory, folders_.shown(path)));
    std::size_t found = 0;
    for (const std::string& name : names) {
      const auto node = node_in(manifest_, folder, name);
      if (!node) {
        return changed_meanwhile(path.empty() ? name : path + '/' + name);
      }
      TRY(look_at(*directory, name, *node));
      ++found;
    }
    return found == folder.nodes.size() ? Result<void>() : changed_meanwhile(path);
  }

private:
  FolderSeal(const Sealing& all, TreeFolders folders, std::vector<std::uint64_t>& stamps)
      : all_(all), manifest_(all.manifest), folders_(std::move(folders)), stamps_(stamps) {}

  Result<void> look_at(int directory, const std::string& name, std::uint32_t index) {
    const Node& node = manifest_.nodes[index];
    struct stat info {};
    if (::fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return changed_meanwhile(node.path);
    }
    if (node.is_file()) {
      return look_at_file(directory, name, index, info);
    }
    const bool right = node.kind == Node::Kind::directory ? S_ISDIR(info.st_mode) : leads_to(directory, name, node);
    return right ? Result<void>() : changed_meanwhile(node.path);
  }

  static bool leads_to(int directory, const std::string& name, const Node& node) {
    std::string target(node.target.size() + 1, '\0');
    const ssize_t got = ::readlinkat(directory, name.c_str(), target.data(), target.size());
    return got >= 0 && std::string_view(target).substr(0, static_cast<std::size_t>(got)) == node.target;
  }

  Result<void> look_at_file(int directory, const std::string& name, std::uint32_t index, struct stat info) {
    const Node& node = manifest_.nodes[index];
    if (!S_ISREG(info.st_mode) || info.st_nlink != 1 || static_cast<Bytes>(info.st_size) != node.size) {
      return changed_meanwhile(node.path);
    }
    std::uint64_t stamp = stamp_of(info);
    if (stamp != all_.made[index] && all_.kept[index] == KeptNodes::kBelieved) {
      return changed_meanwhile(node.path);
    }
    if (all_.made[index] == 0 || stamp != all_.made[index]) {
      const Fd file(open_in(directory, name.c_str(), O_RDONLY));
      const bool executable = node.kind == Node::Kind::executable;
      const bool right = file.valid() && ::fstat(file.get(), &info) == 0 && S_ISREG(info.st_mode) &&
                         info.st_nlink == 1 && ((info.st_mode & S_IXUSR) != 0) == executable &&
                         static_cast<Bytes>(info.st_size) == node.size &&
                         content_fits(manifest_, node, file.get(), buffer_);
      if (!right) {
        return changed_meanwhile(node.path);
      }
      stamp = stamp_of(info);
    }
    stamps_[index] = all_.now && tells_changes(info, *all_.now) ? stamp : 0;
    return {};
  }

  const Sealing& all_;
  const Manifest& manifest_;
  TreeFolders folders_;
  std::vector<std::uint64_t>& stamps_;
  std::vector<std::byte> buffer_;
};

}  // namespace

Result<std::vector<std::uint64_t>> seal_tree(const Manifest& manifest, const Path& root,
                                             std::span<const std::uint64_t> made, std::span<const char> kept) {
  INVARIANT(made.size() == manifest.nodes.size() && kept.size() == manifest.nodes.size());
  const Sealing all{manifest, made, kept, now_of(root)};
  const std::vector<FolderNodes> folders = folders_of(manifest);
  std::vector<std::uint64_t> stamps(manifest.nodes.size(), 0);
  const auto done = parallel_ranges(
      folders.size(), kSealedAtOnce, [&] { return FolderSeal::open(all, root, stamps); },
      [&](std::size_t begin, std::size_t end, Result<FolderSeal>& seal) -> Result<void> {
        if (!seal) {
          return tl::unexpected(seal.error());
        }
        for (std::size_t i = begin; i < end; ++i) {
          TRY(seal->seal(folders[i]));
        }
        return {};
      });
  TRY(done);
  return stamps;
}

}  // namespace swarmout
