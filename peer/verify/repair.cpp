#include "peer/verify/repair.hpp"

#include "common/base/failpoint.hpp"
#include "common/base/owner/ownership.hpp"
#include "common/base/remove_tree.hpp"
#include "peer/tree/tree_folders.hpp"
#include "peer/tree/unpack.hpp"
#include "peer/verify/node_check.hpp"
#include "peer/verify/part_of_manifest.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace swarmout {

namespace {

/// What has to be made anew, and not only set right.
bool needs_content(const Difference& difference, const Manifest& manifest) {
  return difference.node && manifest.nodes[*difference.node].is_file() && difference.fault != Fault::executable;
}

/// A change in `directory`, whose owner may lack the right to make it: nobody has to be root to repair what is his.
int change_in(int directory, const std::function<int()>& change) {
  const int done = change();
  if (done == 0 || (errno != EACCES && errno != EPERM)) {
    return done;
  }
  const int error = errno;
  if (!open_to_owner(directory)) {
    errno = error;
    return -1;
  }
  return change();
}

/// From each pack what it has: one that is not there, or is damaged, holds up none of the others.
Result<void> unpack_from(const Manifest& part, const Path& into, const std::function<Path(const PackInfo&)>& file_of) {
  TRY_ASSIGN(const auto unpacker, Unpacker::start(part, into, nullptr));
  for (std::size_t i = 0; i < part.packs.size(); ++i) {
    if (!unpacker->needs(i)) {
      continue;
    }
    const auto unpacked = unpacker->unpack(i, file_of(part.packs[i]));
    if (!unpacked && unpacked.error().code == ErrorCode::cannot_write) {
      return unpacked;
    }
    if (!unpacked && unpacked.error().code != ErrorCode::not_found) {
      spdlog::warn("{}", to_string(unpacked.error()));
    }
  }
  return {};
}

}  // namespace

ContentSource content_of(const Store& store) {
  return {"the store", [&store](const Manifest& part, const Path& into) {
            return unpack_from(part, into, [&](const PackInfo& pack) { return store.pack_path(pack.root); });
          }};
}

ContentSource content_of(const Path& tree, const Manifest& manifest) {
  return {tree.filename().native(), [tree, &manifest](const Manifest& part, const Path& into) -> Result<void> {
            const PreviousTree previous{tree, manifest};
            return Unpacker::start(part, into, &previous).map([](const auto&) {});
          }};
}

Result<void> unpack_part(const Manifest& part, const Path& packs, const Path& into) {
  return unpack_from(part, into, [&](const PackInfo& pack) { return packs / pack_name(pack.root); });
}

Repair::Repair(const Manifest& manifest, Path tree, Path scratch, std::vector<Difference> differences)
    : manifest_(manifest), tree_(std::move(tree)), scratch_(std::move(scratch)), differences_(std::move(differences)) {}

std::vector<std::uint32_t> Repair::wanted() const {
  std::vector<std::uint32_t> nodes;
  for (const Difference& each : differences_) {
    if (needs_content(each, manifest_) && !found_.contains(*each.node)) {
      nodes.push_back(*each.node);
    }
  }
  return nodes;
}

Bytes Repair::wanted_bytes() const {
  Bytes total = 0;
  for (const std::uint32_t node : wanted()) {
    total += manifest_.nodes[node].size;
  }
  return total;
}

Result<void> Repair::find_in(const ContentSource& source) {
  const std::vector<std::uint32_t> nodes = wanted();
  if (nodes.empty()) {
    return {};
  }
  const Path into = scratch_ / fmt::format("made-{}", rooms_++);
  TRY(make_directories_for_owner(into));
  const Manifest part = part_of(manifest_, nodes);
  if (const auto made = source.make(part, into); !made) {
    if (made.error().code == ErrorCode::cannot_write) {
      return made;
    }
    spdlog::warn("nothing from {}: {}", source.name, to_string(made.error()));
  }
  TRY_ASSIGN(NodeChecker checker, NodeChecker::open(manifest_, into));
  for (const std::uint32_t node : nodes) {
    if (!checker.check_whole(node)) {
      found_.emplace(node, into);
    }
  }
  return {};
}

/// Out of the tree, into the scratch directory: nothing is followed on the way, and it is gone in one rename.
Result<void> Repair::put_away(const std::string& path) {
  TRY_ASSIGN(TreeFolders folders, TreeFolders::open(tree_));
  const char* name = nullptr;
  TRY_ASSIGN(const int parent, folders.parent_of(path, name));
  const Path away = scratch_ / fmt::format("away-{}", away_++);
  const auto move = [&] { return ::renameat(parent, name, AT_FDCWD, away.c_str()); };
  int moved = change_in(parent, move);
  if (moved != 0 && errno == EACCES && open_to_owner(parent, name)) {  // a move changes what ".." in it is
    moved = move();
  }
  if (moved != 0 && errno != ENOENT) {
    return fail_errno("cannot put away", (tree_ / path).native(), errno);
  }
  return {};
}

Result<void> Repair::put_file(const Node& node, const Path& root) {
  TRY_ASSIGN(TreeFolders from, TreeFolders::open(root));
  TRY_ASSIGN(TreeFolders to, TreeFolders::open(tree_));
  const char* name = nullptr;
  TRY_ASSIGN(const int source, from.parent_of(node.path, name));
  TRY_ASSIGN(const int target, to.parent_of(node.path, name));
  hand_over(source, name, target);
  if (change_in(target, [&] { return ::renameat(source, name, target, name); }) != 0) {
    return fail_errno("cannot put into its place", (tree_ / node.path).native(), errno);
  }
  return {};
}

Result<void> Repair::put(const Difference& difference) {
  const Node& node = manifest_.nodes[*difference.node];
  if (difference.fault == Fault::executable) {
    TRY_ASSIGN(TreeFolders folders, TreeFolders::open(tree_));
    const char* name = nullptr;
    TRY_ASSIGN(const int parent, folders.parent_of(node.path, name));
    const Fd file(::openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file.valid() || ::fchmod(file.get(), node.kind == Node::Kind::executable ? 0755 : 0644) != 0) {
      return fail_errno("cannot set the mode of", (tree_ / node.path).native(), errno);
    }
    return {};
  }
  if (node.kind == Node::Kind::directory && difference.fault == Fault::unreadable) {
    TRY_ASSIGN(TreeFolders folders, TreeFolders::open(tree_));
    const char* name = nullptr;
    TRY_ASSIGN(const int parent, folders.parent_of(node.path, name));
    if (open_to_owner(parent, name)) {
      return {};
    }
  }
  if (difference.fault == Fault::type || (node.kind == Node::Kind::directory && difference.fault != Fault::missing)) {
    TRY(put_away(difference.path));  // no rename puts a file where a directory is
  }
  if (node.is_file()) {
    return put_file(node, found_.at(*difference.node));
  }
  TRY_ASSIGN(TreeFolders folders, TreeFolders::open(tree_));
  const char* name = nullptr;
  TRY_ASSIGN(const int parent, folders.parent_of(node.path, name));
  bool made = false;
  if (node.kind == Node::Kind::directory) {
    made = change_in(parent, [&] { return ::mkdirat(parent, name, 0755); }) == 0;
    hand_over(parent, name, parent);
  } else {  // beside the tree first, so that the old link is there until the new one is
    const Path beside = scratch_ / fmt::format("link-{}", away_++);
    made = ::symlink(node.target.c_str(), beside.c_str()) == 0 &&
           change_in(parent, [&] { return ::renameat(AT_FDCWD, beside.c_str(), parent, name); }) == 0;
    hand_over(parent, name, parent);
  }
  return made ? Result<void>() : fail_errno("cannot make", (tree_ / node.path).native(), errno);
}

void Repair::remove_extras() {
  const auto remove_one = [&](const std::string& path) -> Result<void> {
    TRY_ASSIGN(TreeFolders folders, TreeFolders::open(tree_));
    const char* name = nullptr;
    TRY_ASSIGN(const int parent, folders.parent_of(path, name));
    const auto removed = remove_in(parent, name, tree_ / path);
    return removed || !open_to_owner(parent) ? removed : remove_in(parent, name, tree_ / path);
  };
  std::erase_if(differences_, [&](const Difference& each) {
    const auto removed = each.node ? fail(ErrorCode::failed, "") : remove_one(each.path);
    if (!removed && !each.node) {
      spdlog::warn("{}", to_string(removed.error()));
    }
    return removed.has_value();
  });
}

Result<void> Repair::apply() {
  remove_extras();
  const auto possible = [&](const Difference& each) {
    return each.node && (!needs_content(each, manifest_) || found_.contains(*each.node));
  };
  if (std::none_of(differences_.begin(), differences_.end(), possible)) {
    return {};
  }
  TRY(sync_filesystem(tree_));  // what was found, too: a crash must not leave a name without its content
  failpoint("before-repair");
  std::vector<Difference> left;
  for (const Difference& each : differences_) {  // by path: a directory comes before what is in it
    if (!possible(each)) {
      left.push_back(each);
      continue;
    }
    if (const auto done = put(each); !done) {
      spdlog::warn("{}", to_string(done.error()));
      left.push_back(each);
    }
    failpoint("during-repair");
  }
  differences_ = std::move(left);
  return sync_filesystem(tree_);
}

}  // namespace swarmout
