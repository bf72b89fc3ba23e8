#include "peer/run/active_tree.hpp"

#include "common/release/store.hpp"
#include "peer/tree/release_links.hpp"
#include "peer/tree/tree_records.hpp"

#include <charconv>

namespace swarmout {

namespace {

Position position_of(std::string_view name) {
  Position position;
  const std::size_t dash = name.find('-');
  const auto read = std::from_chars(name.data(), name.data() + std::min(dash, name.size()), position.value);
  const bool whole = dash != std::string_view::npos && read.ec == std::errc() && read.ptr == name.data() + dash;
  return whole ? position : Position{};
}

std::optional<ActiveTree> tree_behind(const Path& dest, const char* link) {
  auto name = release_behind(dest / link);
  if (!name) {
    return std::nullopt;
  }
  ActiveTree tree;
  tree.name = *std::move(name);
  tree.path = dest / kReleasesFolder / tree.name;
  tree.position = position_of(tree.name);
  return identity_of(tree.path) ? std::optional(std::move(tree)) : std::nullopt;
}

}  // namespace

std::optional<ActiveTree> active_tree(const Path& dest) {
  return tree_behind(dest, kCurrentLink);
}

std::optional<ActiveTree> previous_tree(const Path& dest) {
  return tree_behind(dest, kPreviousLink);
}

bool is_tree_of(const ActiveTree& tree, const Descriptor& release, const Path& state) {
  if (tree.name == distinct_release_name(release)) {
    return true;
  }
  if (tree.name != release_name(release)) {
    return false;
  }
  const auto record = TreeRecords::open_to_read(state).find(tree.name, identity_of(tree.path).value_or(TreeIdentity{}));
  return !record || record->manifest == release.manifest;
}

std::optional<SignedDescriptor> release_of(const ActiveTree& tree, const Path& state) {
  const auto releases = Store::open_to_read(state).releases();
  if (releases) {
    for (const SignedDescriptor& each : *releases) {
      if (is_tree_of(tree, each.descriptor, state)) {
        return each;
      }
    }
  }
  return std::nullopt;
}

bool is_called(const ActiveTree& tree, const std::string& wanted, const std::optional<SignedDescriptor>& release) {
  if (release) {
    return how_called(release->descriptor, wanted) != Called::no;
  }
  if (how_called(ReleaseNames{tree.position, ""}, wanted) == Called::number) {
    return true;
  }
  // The name has the first bytes of the revision. A shorter tag or branch cannot be told from another one's beginning.
  Descriptor named;
  named.position = tree.position;
  named.revision = wanted;
  const std::string begins = release_name(named);
  return wanted.size() >= kShortestBeginning && tree.position.value != 0 &&
         std::string_view(tree.name).substr(0, tree.name.find('~')).starts_with(begins);
}

}  // namespace swarmout
