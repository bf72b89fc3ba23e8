#include "peer/tree/folder_nodes.hpp"

#include "common/release/tree_path.hpp"

#include <algorithm>
#include <unordered_map>

namespace swarmout {

std::vector<FolderNodes> folders_of(const Manifest& manifest) {
  std::vector<FolderNodes> folders(1);
  std::unordered_map<std::string_view, std::size_t> known{{"", 0}};
  for (std::uint32_t i = 0; i < manifest.nodes.size(); ++i) {
    const Node& node = manifest.nodes[i];
    folders[known.at(folder_part(node.path))].nodes.push_back(i);  // decode_manifest(): it comes before
    if (node.kind == Node::Kind::directory) {
      known.emplace(node.path, folders.size());
      folders.push_back({node.path, {}});
    }
  }
  return folders;
}

std::optional<std::uint32_t> node_in(const Manifest& manifest, const FolderNodes& folder, std::string_view name) {
  const auto found = std::lower_bound(
      folder.nodes.begin(), folder.nodes.end(), name,
      [&](std::uint32_t node, std::string_view wanted) { return name_part(manifest.nodes[node].path) < wanted; });
  const bool there = found != folder.nodes.end() && name_part(manifest.nodes[*found].path) == name;
  return there ? std::optional(*found) : std::nullopt;
}

}  // namespace swarmout
