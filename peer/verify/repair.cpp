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

/// A name in an open directory of the tree.
struct Repair::Place {
  int parent;
  const char* name;
  Path shown;
};

/// Out of the tree, into the scratch directory: nothing is followed on the way, and it is gone in one rename.
Result<void> Repair::put_away(const Place& place) {
  const Path away = scratch_ / fmt::format("away-{}", away_++);
  const auto move = [&] { return ::renameat(place.parent, place.name, AT_FDCWD, away.c_str()); };
  int moved = as_owner(place.parent, move);
  if (moved != 0 && errno == EACCES && open_to_owner(place.parent, place.name)) {  // a move changes what ".." in it is
    moved = move();
  }
  return moved == 0 || errno == ENOENT ? Result<void>() : fail_errno("cannot put away", place.shown.native(), errno);
}

Result<void> Repair::put_file(const Place& place, const Node& node, const Path& root) {
  TRY_ASSIGN(TreeFolders from, TreeFolders::open(root));
  const char* name = nullptr;
  TRY_ASSIGN(const int source, from.parent_of(node.path, name));
  hand_over(source, name, place.parent);
  const auto move = [&] { return ::renameat(source, name, place.parent, place.name); };
  return as_owner(place.parent, move) == 0 ? Result<void>()
                                           : fail_errno("cannot put into its place", place.shown.native(), errno);
}

/// Beside the tree first, so that the old link is there until the new one is.
Result<void> Repair::put_link(const Place& place, const Node& node) {
  const Path beside = scratch_ / fmt::format("link-{}", away_++);
  const auto move = [&] { return ::renameat(AT_FDCWD, beside.c_str(), place.parent, place.name); };
  if (::symlink(node.target.c_str(), beside.c_str()) != 0 || as_owner(place.parent, move) != 0) {
    return fail_errno("cannot make", place.shown.native(), errno);
  }
  hand_over(place.parent, place.name, place.parent);
  return {};
}

Result<void> Repair::put_directory(const Place& place) {
  if (as_owner(place.parent, [&] { return ::mkdirat(place.parent, place.name, 0755); }) != 0) {
    return fail_errno("cannot make", place.shown.native(), errno);
  }
  hand_over(place.parent, place.name, place.parent);
  return {};
}

Result<void> Repair::set_mode(const Place& place, const Node& node) {
  const Fd file(::openat(place.parent, place.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.valid() || ::fchmod(file.get(), node.kind == Node::Kind::executable ? 0755 : 0644) != 0) {
    return fail_errno("cannot set the mode of", place.shown.native(), errno);
  }
  return {};
}

Result<void> Repair::put(const Difference& difference) {
  const Node& node = manifest_.nodes[*difference.node];
  const bool directory = node.kind == Node::Kind::directory;
  TRY_ASSIGN(TreeFolders folders, TreeFolders::open(tree_));
  Place place{-1, nullptr, tree_ / node.path};
  TRY_ASSIGN(place.parent, folders.parent_of(node.path, place.name));
  if (difference.fault == Fault::executable) {
    return set_mode(place, node);
  }
  if (directory && difference.fault == Fault::unreadable && open_to_owner(place.parent, place.name)) {
    return {};
  }
  if (difference.fault == Fault::type || (directory && difference.fault != Fault::missing)) {
    TRY(put_away(place));  // no rename puts a file where a directory is
  }
  if (directory) {
    return put_directory(place);
  }
  return node.is_file() ? put_file(place, node, found_.at(*difference.node)) : put_link(place, node);
}

Result<void> Repair::remove_extra(const std::string& path) {
  TRY_ASSIGN(TreeFolders folders, TreeFolders::open(tree_));
  const char* name = nullptr;
  TRY_ASSIGN(const int parent, folders.parent_of(path, name));
  return remove_in(parent, name, tree_ / path);
}

void Repair::remove_extras() {
  std::erase_if(differences_, [&](const Difference& each) {
    if (each.node) {
      return false;
    }
    const auto removed = remove_extra(each.path);
    if (!removed) {
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
