#include "peer/keep/kept_trees.hpp"

#include "peer/tree/release_links.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace swarmout {

namespace {

constexpr std::size_t kListed = 5;

std::string list_of(const std::vector<KeptTree>& trees) {
  std::string text;
  for (std::size_t i = 0; i < trees.size() && i < kListed; ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : ", ", trees[i].shown());
  }
  return text;
}

ReleaseNames names_of_kept(const KeptTree& tree) {
  return {tree.position(), tree.revision(), tree.release ? tree.release->descriptor.name : ""};
}

}  // namespace

Position KeptTree::position() const {
  Position found = release ? release->descriptor.position : Position{};
  if (!release) {
    std::from_chars(record.name.data(), record.name.data() + record.name.size(), found.value);
  }
  return found;
}

std::string KeptTree::revision() const {
  if (release) {
    return release->descriptor.revision;
  }
  const std::size_t dash = record.name.find('-');
  const std::string rest = dash == std::string::npos ? "" : record.name.substr(dash + 1);
  return rest.substr(0, rest.find('~'));
}

std::string KeptTree::shown() const {
  return release_title(names_of_kept(*this));
}

Result<std::vector<KeptTree>> kept_trees(const Path& dest, const TreeRecords& records,
                                         const std::vector<SignedDescriptor>& releases) {
  std::error_code error;
  const Path root = std::filesystem::canonical(dest, error);
  if (error) {
    return fail_errno("cannot look at", dest.native(), error.value());
  }
  const auto active = release_behind(root / kCurrentLink);
  TRY_ASSIGN(const auto names, list_directory(root / kReleasesFolder));
  std::vector<KeptTree> trees;
  for (const std::string& name : names) {
    const Path path = root / kReleasesFolder / name;
    const auto identity = identity_of(path);
    auto record = identity ? records.find(name, *identity) : std::nullopt;
    if (!record || !record->whole) {
      continue;
    }
    KeptTree tree{.record = *std::move(record), .path = path};
    tree.current = name == active;
    for (const SignedDescriptor& each : releases) {  // newest first; one tree may have been published again and again
      if (each.descriptor.manifest == tree.record.manifest &&
          (!tree.release || name.starts_with(release_name(each.descriptor)))) {
        tree.release = each;
      }
    }
    trees.push_back(std::move(tree));
  }
  std::stable_sort(trees.begin(), trees.end(), [](const KeptTree& a, const KeptTree& b) {
    return std::pair(a.record.made, a.record.name) > std::pair(b.record.made, b.record.name);
  });
  return trees;
}

Result<ThisHost> look_at_this_host(const Path& dest, const Path& state) {
  struct stat info {};
  if (::lstat((state / "releases").c_str(), &info) != 0 && errno != ENOENT && errno != ENOTDIR) {
    const int error = errno;
    return fail(ErrorCode::cannot_write, fmt::format("cannot look into {}: {}", state.native(), std::strerror(error)),
                "run this as the service's user, or as root");
  }
  if (!path_exists(state / "releases")) {
    return fail(ErrorCode::not_found,
                fmt::format("{} is not the state directory of a host that has releases", state.native()),
                "give --state and --dest as the service has them");
  }
  TRY_ASSIGN(Store store, Store::open(state));
  TRY_ASSIGN(TreeRecords records, TreeRecords::open(state));
  TRY_ASSIGN(auto releases, store.releases());
  auto kept = kept_trees(dest, records, releases);
  if (!kept && kept.error().code != ErrorCode::not_found) {  // a host that only leads has no trees
    return tl::unexpected(kept.error());
  }
  ThisHost host{std::move(store), std::move(records), std::move(releases),
                std::move(kept).value_or(std::vector<KeptTree>())};
  for (const SignedDescriptor& each : host.releases) {
    const bool has_tree = std::any_of(host.kept.begin(), host.kept.end(), [&](const KeptTree& tree) {
      return tree.record.manifest == each.descriptor.manifest;
    });
    if (!has_tree) {
      KeptTree packs;
      packs.record.name = release_name(each.descriptor);
      packs.record.manifest = each.descriptor.manifest;
      packs.release = each;
      host.kept.push_back(std::move(packs));
    }
  }
  return host;
}

Result<KeptTree> find_kept(const std::vector<KeptTree>& trees, const std::string& wanted) {
  const std::string listed = list_of(trees);
  const std::string hint =
      listed.empty() ? "this host has none; `swarmout peer` or `swarmout fetch` bring one" : "this host has " + listed;
  if (wanted.empty()) {
    const auto active = std::find_if(trees.begin(), trees.end(), [](const KeptTree& each) { return each.current; });
    return active != trees.end() ? Result<KeptTree>(*active)
                                 : fail(ErrorCode::not_found, "`current` leads to no tree that this host made", hint);
  }
  std::vector<ReleaseNames> names;
  for (const KeptTree& each : trees) {
    if (each.record.name == wanted) {
      return each;
    }
    names.push_back(names_of_kept(each));
  }
  TRY_ASSIGN(const auto found, find_called(names, wanted));
  return found ? Result<KeptTree>(trees[*found])
               : fail(ErrorCode::not_found, fmt::format("\"{}\" is not on this host", wanted), hint);
}

}  // namespace swarmout
